# What is read in the end: one page with everything in it, and the executed notebook.

TABLE_FILES = [f"{ROOT}/tables/scores.csv", *FILES.tables("csv")]


rule report:
    input:
        prompts=f"{ROOT}/prompts.tsv",
        models=SCORES.models(),
        runs=FILES.finished(),
        # Their ids in MLflow are in the report.
        parents=f"{ROOT}/parents.json" if CONFIG.tracking.enabled else [],
        sheet=f"{ROOT}/sheet.png",
        tables=TABLE_FILES,
        figures=FILES.figures("png"),
        # It links to them.
        exports=FILES.exports(),
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
        code=JOBS.code("report"),
        settings=JOBS.settings("report"),
        root=JOBS.root,
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
        code=JOBS.code("notebook"),
        root=JOBS.root,
    message:
        "notebook: {output}"
    shell:
        "python -m gaussianmotion --log {log:q} notebook {input.notebook:q} --code {params.code:q}"
        " --root {params.root:q} --out {output:q}"
