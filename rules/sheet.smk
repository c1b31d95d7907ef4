# Contact sheets: one per avatar, one of the main grid.


rule avatar_sheet:
    input:
        run=f"{RUN}/run.json",
        views=f"{RUN}/views.json",
        motions=expand(
            f"{RUN}/motions/{{motion}}.json", motion=MOTIONS, allow_missing=True
        ),
    output:
        f"{RUN}/sheet.png",
    log:
        f"{RUN}/logs/sheet.log",
    benchmark:
        f"{RUN}/benchmarks/sheet.tsv"
    priority: 20
    conda:
        ENVIRONMENT
    threads: 1
    params:
        code=code("sheet"),
        folder=run_folder,
        motions=list(MOTIONS),
    message:
        "sheet: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} sheet {params.folder:q} --code {params.code:q}"
        " --motions {params.motions:q} --variant {wildcards.variant:q} --out {output:q}"


rule experiment_sheet:
    input:
        sheets=main_sheets(),
    output:
        report(
            f"{ROOT}/sheet.png",
            caption="captions/sheet.rst",
            category="Contact sheet",
        ),
    log:
        f"{ROOT}/logs/sheet.log",
    benchmark:
        f"{ROOT}/benchmarks/sheet.tsv"
    priority: 20
    conda:
        ENVIRONMENT
    threads: 1
    params:
        code=code("sheet"),
        folders=lambda wildcards, input: [
            str(Path(path).parent) for path in input.sheets
        ],
        motions=list(MOTIONS),
    message:
        "sheet: {output}"
    shell:
        "python -m gaussianmotion --log {log:q} sheet --code {params.code:q} --experiment {params.folders:q}"
        " --motions {params.motions:q} --out {output:q}"
