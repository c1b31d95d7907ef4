# One JSON per score of each avatar; those of many avatars together are in pooled.smk.
#
# What needs no large network is one job of an avatar, on the CPU, beside the trainings. A large
# network is loaded once for all avatars of a variant.

SMALL = [name for name in ALONE if not registry.run_score(name).weights]
LARGE = [name for name in ALONE if registry.run_score(name).weights]

if SMALL:

    rule score_avatar:
        input:
            files=sorted(
                {
                    f"{RUN}/{name}"
                    for score in SMALL
                    for name in registry.run_score(score).files(CONFIG.render.views)
                }
            ),
            # Trained again, they score again. Where they are missing, the score says what to do.
            ships=[
                str(path)
                for score in SMALL
                for path in registry.run_score(score).ships(CONFIG)
                if path.is_file()
            ],
        output:
            [f"{RUN}/scores/{name}.json" for name in SMALL],
        log:
            f"{RUN}/logs/scores/avatar.log",
        benchmark:
            f"{RUN}/benchmarks/scores/avatar.tsv"
        # What is rendered is scored before the next training starts.
        priority: 10
        conda:
            ENVIRONMENT
        threads: CONFIG.threads
        resources:
            mem_mb=6000,
            runtime=30,
        params:
            code=registry.joint_code(SMALL),
            settings=joint_settings(SMALL),
            names=SMALL,
            folder=lambda wildcards: RUN.format(**wildcards),
        message:
            "score: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
        shell:
            "python -m gaussianmotion --log {log:q} --threads {threads} score {params.names}"
            " --settings {params.settings:q} --code {params.code:q} --run {params.folder:q}"


for NAME in LARGE:
    for INDEX, (CELLS, VARIANTS) in enumerate(GRID.alike.items()):

        rule:
            name:
                f"score_{NAME}" + (f"_{INDEX}" if INDEX else "")
            input:
                files=[
                    f"{ROOT}/{{variant}}/{prompt}/{seed}/{name}"
                    for prompt, seed in CELLS
                    for name in registry.run_score(NAME).files(CONFIG.render.views)
                ],
                models=models_of(NAME),
            output:
                [
                    f"{ROOT}/{{variant}}/{prompt}/{seed}/scores/{NAME}.json"
                    for prompt, seed in CELLS
                ],
            log:
                f"{ROOT}/logs/scores/{{variant}}/{NAME}.log",
            benchmark:
                f"{ROOT}/benchmarks/scores/{{variant}}/{NAME}.tsv"
            wildcard_constraints:
                variant=one_of(VARIANTS),
            priority: 10
            conda:
                ENVIRONMENT
            threads: CONFIG.threads
            resources:
                gpu=gpus_of(f"score_{NAME}"),
                mem_mb=12000,
                runtime=60,
            params:
                code=code(f"score_{NAME}"),
                settings=settings(f"score_{NAME}"),
                score=NAME,
                folders=lambda wildcards, output: [
                    str(Path(path).parents[1]) for path in output
                ],
            message:
                "score: {params.score} of all avatars ({wildcards.variant})"
            shell:
                "python -m gaussianmotion --log {log:q} --threads {threads} score {params.score}"
                " --settings {params.settings:q} --code {params.code:q} --run {params.folders:q}"
