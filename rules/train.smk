# One avatar: one prompt, one variant, one seed.
#
# checkpoint.pt and curves.csv live in the run's folder but are no outputs: Snakemake deletes the
# outputs of an interrupted job, and the job must find them again to go on.


rule train:
    input:
        # Their content is in the parameters; a newer file alone must not train anything again.
        models=ancient(f"{ROOT}/models.json"),
        store=ancient(STORE) if CONFIG.tracking.enabled else [],
        body=str(CONFIG.body.path),
        sources=sources("train"),
    output:
        avatar=f"{RUN}/avatar.safetensors",
        run=f"{RUN}/run.json",
    log:
        f"{RUN}/logs/train.log",
    benchmark:
        f"{RUN}/benchmarks/train.tsv"
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    resources:
        gpu=gpus,
        mem_mb=16000,
        runtime=120,
    params:
        settings=settings("train"),
        prompt=prompt_text,
        folder=run_folder,
        experiment=CONFIG.experiment,
    message:
        "train: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} train"
        " --settings {params.settings:q} --experiment {params.experiment:q}"
        " --variant {wildcards.variant:q} --prompt-id {wildcards.prompt:q}"
        " --prompt={params.prompt:q} --seed {wildcards.seed} --out {params.folder:q}"
