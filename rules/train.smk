# One avatar: one prompt, one variant, one seed.
#
# checkpoint.pt and curves.csv live in the run's folder but are no outputs: Snakemake deletes the
# outputs of an interrupted job, and the job must find them again to go on. A finished checkpoint stays
# until the views are drawn: where the disk is too full to note the end, Snakemake deletes the avatar.


rule gsplat:
    output:
        f"{ROOT}/gsplat.json",
    log:
        f"{ROOT}/logs/gsplat.log",
    benchmark:
        f"{ROOT}/benchmarks/gsplat.tsv"
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    resources:
        gpu=gpus,
        mem_mb=more_memory_each_try(16000),
        runtime=60,
    params:
        without="--or-cpu" if CONFIG.rasteriser == "auto" else "",
    message:
        "gsplat: compile for a GPU of this computer"
    shell:
        "python -m gaussianmotion --log {log:q} gsplat {params.without} --out {output:q}"


rule train:
    input:
        # A variant may have a prior and a body of its own.
        models=prior_models_of,
        store=ancient(STORE) if CONFIG.tracking.enabled else [],
        gsplat=ancient(rules.gsplat.output) if draws_with_gsplat() else [],
        body=lambda wildcards: str(EXPERIMENT.variant(wildcards.variant).body.path),
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
        mem_mb=more_memory_each_try(16000),
        runtime=120,
    params:
        code=code("train"),
        settings=settings("train"),
        prompt=prompt_text,
        folder=run_folder,
        experiment=CONFIG.experiment,
    message:
        "train: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} train"
        " --settings {params.settings:q} --code {params.code:q} --experiment {params.experiment:q}"
        " --variant {wildcards.variant:q} --prompt-id {wildcards.prompt:q}"
        " --prompt={params.prompt:q} --seed {wildcards.seed} --keep-checkpoint --out {params.folder:q}"


# A variant that trains exactly as an earlier one, such as the tau that is the default, is a copy.
rule reuse_training:
    input:
        avatar=lambda wildcards: f"{same_training(wildcards)}/avatar.safetensors",
        run=lambda wildcards: f"{same_training(wildcards)}/run.json",
    output:
        avatar=f"{RUN}/avatar.safetensors",
        run=f"{RUN}/run.json",
    log:
        f"{RUN}/logs/train.log",
    benchmark:
        f"{RUN}/benchmarks/train.tsv"
    wildcard_constraints:
        variant=one_of(TWINS),
    conda:
        ENVIRONMENT
    params:
        code=code("reuse"),
        source=same_training,
        folder=run_folder,
    message:
        "train: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed}): as {params.source}"
    shell:
        "python -m gaussianmotion --log {log:q} reuse --code {params.code:q} --run {params.source:q}"
        " --out {params.folder:q}"


ruleorder: reuse_training > train
