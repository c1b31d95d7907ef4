# The contact sheet of the main grid; each avatar's is made with its pictures.


rule experiment_sheet:
    input:
        sheets=FILES.main_sheets(),
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
        code=JOBS.code("sheet"),
        folders=lambda wildcards, input: [
            str(Path(path).parent) for path in input.sheets
        ],
        motions=list(EXPERIMENT.motions),
    message:
        "sheet: {output}"
    shell:
        "python -m gaussianmotion --log {log:q} sheet --code {params.code:q} --experiment {params.folders:q}"
        " --motions {params.motions:q} --out {output:q}"
