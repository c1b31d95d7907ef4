# What is read in the end: one page with everything in it, and the executed notebook.

TABLE_FILES = [f"{ROOT}/tables/scores.csv", *table_files("csv")]


rule report:
    input:
        prompts=f"{ROOT}/prompts.tsv",
        models=expand(f"{ROOT}/models/{{part}}.json", part=MODELS),
        runs=finished_runs(),
        # Their ids in MLflow are in the report.
        parents=f"{ROOT}/parents.json" if CONFIG.tracking.enabled else [],
        sheet=f"{ROOT}/sheet.png",
        tables=TABLE_FILES,
        figures=[f"{ROOT}/figures/{figure}.png" for figure in FIGURES],
        # It links to them.
        exports=exports(),
    output:
        f"{ROOT}/report.html",
    log:
        f"{ROOT}/logs/report.log",
    benchmark:
        f"{ROOT}/benchmarks/report.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("report"),
        settings=settings("report"),
        root=experiment_folder,
    message:
        "report: {output}"
    shell:
        "python -m gaussianmotion --log {log:q} report"
        " --settings {params.settings:q} --code {params.code:q} --root {params.root:q} --out {output:q}"


rule notebook:
    input:
        notebook="notebooks/ablations.ipynb",
        tables=TABLE_FILES,
    output:
        f"{ROOT}/notebook.ipynb",
    log:
        f"{ROOT}/logs/notebook.log",
    benchmark:
        f"{ROOT}/benchmarks/notebook.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("notebook"),
        root=experiment_folder,
    message:
        "notebook: {output}"
    shell:
        "python -m gaussianmotion --log {log:q} notebook {input.notebook:q} --code {params.code:q}"
        " --root {params.root:q} --out {output:q}"
