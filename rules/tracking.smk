# MLflow: the store is created once before anybody writes; every finished run is logged whole.


rule tracking_store:
    output:
        STORE,
    log:
        f"{CONFIG.results}/mlflow/created.log",
    benchmark:
        f"{CONFIG.results}/mlflow/created.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    message:
        "tracking: create the MLflow store"
    shell:
        "python -m gaussianmotion --log {log:q} tracking-init --out {output:q}"


rule log_run:
    input:
        store=ancient(STORE),
        avatar=f"{RUN}/avatar.safetensors",
        sheet=f"{RUN}/sheet.png",
    output:
        f"{RUN}/logged.json",
    log:
        f"{RUN}/logs/log.log",
    benchmark:
        f"{RUN}/benchmarks/log.tsv"
    priority: 20
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        folder=run_folder,
    message:
        "log: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} log --out {output:q} {params.folder:q}"
