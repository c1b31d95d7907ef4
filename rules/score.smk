# One JSON per score of each avatar; those of many avatars together are in pooled.smk.
#
# What starts at once is one job of an avatar, on the CPU, beside the trainings. What takes long to
# load is loaded once for all avatars of a variant.

if SCORES.single:

    rule score_avatar:
        input:
            files=[f"{RUN}/{name}" for name in SCORES.looked_at(*SCORES.single)],
            # Trained again, they score again. Where they are missing, the score says what to do.
            ships=SCORES.shipped(*SCORES.single),
        output:
            [f"{RUN}/{name}" for name in SCORES.below(SCORES.single)],
        log:
            f"{RUN}/logs/scores/avatar.log",
        benchmark:
            f"{RUN}/benchmarks/scores/avatar.tsv"
        # What is rendered is scored before the next training on the CPU starts.
        priority: 10
        conda:
            ENVIRONMENT
        threads: CONFIG.threads
        resources:
            mem_mb=6000,
            runtime=30,
        params:
            code=JOBS.score_code(SCORES.single),
            settings=JOBS.score_settings(SCORES.single),
            names=SCORES.single,
            folder=lambda wildcards: RUN.format(**wildcards),
        message:
            "score: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
        shell:
            "python -m gaussianmotion --log {log:q} --threads {threads} score {params.names}"
            " --settings {params.settings:q} --code {params.code:q} --run {params.folder:q}"


for NAME in SCORES.together:
    for INDEX, (CELLS, VARIANTS) in enumerate(EXPERIMENT.grid.alike.items()):

        rule:
            name:
                f"score_{NAME}" + (f"_{INDEX}" if INDEX else "")
            input:
                files=FILES.of_cells(CELLS, *SCORES.looked_at(NAME)),
                models=SCORES.weights(NAME),
                ships=SCORES.shipped(NAME),
            output:
                FILES.of_cells(CELLS, f"scores/{NAME}.json"),
            log:
                f"{ROOT}/logs/scores/{{variant}}/{NAME}.log",
            benchmark:
                f"{ROOT}/benchmarks/scores/{{variant}}/{NAME}.tsv"
            wildcard_constraints:
                variant=one_of(VARIANTS),
            # A minute of one GPU, and a variant is complete.
            priority: 20
            conda:
                ENVIRONMENT
            threads: GPU_THREADS
            resources:
                gpu=JOBS.gpus_of(f"score_{NAME}"),
                mem_mb=12000,
                runtime=60,
            params:
                code=JOBS.code(f"score_{NAME}"),
                settings=JOBS.settings(f"score_{NAME}"),
                score=NAME,
                folders=lambda wildcards, output: [
                    str(Path(path).parents[1]) for path in output
                ],
            message:
                "score: {params.score} of all avatars ({wildcards.variant})"
            shell:
                "python -m gaussianmotion --log {log:q} --threads {threads} score {params.score}"
                " --settings {params.settings:q} --code {params.code:q} --run {params.folders:q}"
