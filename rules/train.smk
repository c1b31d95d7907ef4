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
    threads: GPU_THREADS
    resources:
        gpu=JOBS.gpus.each,
        mem_mb=JOBS.memory(16000),
        runtime=60,
    params:
        code=JOBS.code("gsplat"),
        without="--or-cpu" if CONFIG.rasteriser == "auto" else "",
    message:
        "gsplat: compile for a GPU of this computer"
    shell:
        "python -m gaussianmotion --log {log:q} gsplat {params.without}"
        " --code {params.code:q} --out {output:q}"


rule train:
    input:
        # A variant may have a prior and a body of its own.
        models=SCORES.prior,
        store=ancient(FILES.store) if CONFIG.tracking.enabled else [],
        gsplat=ancient(rules.gsplat.output) if JOBS.gpus.draw_with_gsplat else [],
        body=FILES.body,
        faces=FILES.faces,
    output:
        avatar=f"{RUN}/avatar.safetensors",
        run=f"{RUN}/run.json",
    log:
        f"{RUN}/logs/train.log",
    benchmark:
        f"{RUN}/benchmarks/train.tsv"
    # On the CPU what is trained is shown before the next training starts; a GPU does not wait for it.
    priority: 15 if JOBS.gpus.each else 0
    conda:
        ENVIRONMENT
    threads: GPU_THREADS
    resources:
        gpu=JOBS.gpus.each,
        mem_mb=JOBS.memory(16000),
        runtime=120,
    params:
        code=JOBS.code("train"),
        settings=JOBS.settings("train"),
        prompt=JOBS.prompt,
        folder=JOBS.folder,
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
        avatar=lambda wildcards: f"{FILES.same_training(wildcards)}/avatar.safetensors",
        run=lambda wildcards: f"{FILES.same_training(wildcards)}/run.json",
    output:
        avatar=f"{RUN}/avatar.safetensors",
        run=f"{RUN}/run.json",
    log:
        f"{RUN}/logs/train.log",
    benchmark:
        f"{RUN}/benchmarks/reuse.tsv"
    wildcard_constraints:
        variant=one_of(EXPERIMENT.twins),
    conda:
        ENVIRONMENT
    params:
        code=JOBS.code("reuse"),
        source=FILES.same_training,
        folder=JOBS.folder,
    message:
        "train: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed}): as {params.source}"
    shell:
        "python -m gaussianmotion --log {log:q} reuse --code {params.code:q} --run {params.source:q}"
        " --out {params.folder:q}"


ruleorder: reuse_training > train
