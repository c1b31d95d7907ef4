# MLflow: the store is created once before anybody writes; finished runs are logged whole, and the
# experiment when it is complete. What could not be logged is tried again at the next start: how often
# it failed, which its record says, is a parameter.


rule tracking_store:
    output:
        FILES.store,
    log:
        f"{CONFIG.results}/mlflow/created.log",
    benchmark:
        f"{CONFIG.results}/mlflow/created.tsv"
    localrule: SQLITE
    conda:
        ENVIRONMENT
    threads: 1
    message:
        "tracking: create the MLflow store"
    shell:
        "python -m gaussianmotion --log {log:q} tracking-init --out {output:q}"


# MLflow is imported for seconds, a run is sent in less: one job sends all of a variant.
for INDEX, (CELLS, VARIANTS) in enumerate(EXPERIMENT.grid.alike.items()):

    rule:
        name:
            "log_runs" + (f"_{INDEX}" if INDEX else "")
        input:
            store=ancient(FILES.store),
            files=FILES.of_cells(CELLS, *SCORES.logged_with()),
        output:
            FILES.of_cells(CELLS, "logged.json"),
        log:
            f"{ROOT}/logs/log/{{variant}}.log",
        benchmark:
            f"{ROOT}/benchmarks/log_runs/{{variant}}.tsv"
        wildcard_constraints:
            variant=one_of(VARIANTS),
        priority: 20
        localrule: SQLITE
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=2000,
            runtime=30,
        params:
            folders=lambda wildcards, output: [
                str(Path(path).parent) for path in output
            ],
            failures=JOBS.failures,
        message:
            "log: all avatars ({wildcards.variant})"
        shell:
            "python -m gaussianmotion --log {log:q} log {params.folders:q}"
            " --failures {params.failures}"


rule log_parents:
    input:
        store=ancient(FILES.store),
        runs=FILES.finished(),
        pooled=SCORES.all_pooled(),
    output:
        f"{ROOT}/parents.json",
    log:
        f"{ROOT}/logs/log_parents.log",
    benchmark:
        f"{ROOT}/benchmarks/log_parents.tsv"
    localrule: SQLITE
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        root=JOBS.root,
        failures=JOBS.failures,
        runs=FILES.folders(),
    message:
        "log: means of the variants of {params.root}"
    shell:
        "python -m gaussianmotion --log {log:q} log-parents {params.root:q}"
        " --runs {params.runs:q} --failures {params.failures} --out {output:q}"


rule log_experiment:
    input:
        runs=FILES.finished(),
        pooled=SCORES.all_pooled(),
        tables=FILES.tables("csv", "md", "tex"),
        report=f"{ROOT}/report.html",
        notebook=f"{ROOT}/notebook.ipynb",
    output:
        f"{ROOT}/logged.json",
    log:
        f"{ROOT}/logs/log.log",
    benchmark:
        f"{ROOT}/benchmarks/log.tsv"
    localrule: SQLITE
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        root=JOBS.root,
        failures=JOBS.failures,
        runs=FILES.folders(),
    message:
        "log: means, tables, figures and report of {params.root}"
    shell:
        "python -m gaussianmotion --log {log:q} log-experiment {params.root:q}"
        " --runs {params.runs:q} --failures {params.failures} --out {output:q}"
