# One JSON per distance: of all avatars of a variant and seed against references of their prompts.

for NAME in SCORES.pooled:

    rule:
        name:
            f"pooled_{NAME}"
        input:
            views=SCORES.pooled_views,
            references=lambda wildcards: [
                f"{folder}/reference.json"
                for folder in SCORES.pooled_references(wildcards)
            ],
            models=SCORES.weights(NAME),
        output:
            f"{ROOT}/scores/{{variant}}/{{seed}}/{NAME}.json",
        log:
            f"{ROOT}/logs/scores/{{variant}}/{{seed}}/{NAME}.log",
        benchmark:
            f"{ROOT}/benchmarks/scores/{{variant}}/{{seed}}/{NAME}.tsv"
        priority: 20
        conda:
            ENVIRONMENT
        threads: GPU_THREADS
        resources:
            gpu=JOBS.gpus_of(f"pooled_{NAME}"),
            mem_mb=12000,
            runtime=60,
        params:
            code=JOBS.code(f"pooled_{NAME}"),
            settings=JOBS.settings(f"pooled_{NAME}"),
            score=NAME,
            runs=SCORES.pooled_folders,
            references=SCORES.pooled_references,
        message:
            "score: {params.score} of all prompts ({wildcards.variant}, seed {wildcards.seed})"
        shell:
            "python -m gaussianmotion --log {log:q} --threads {threads}"
            " score-pooled {params.score} --settings {params.settings:q} --code {params.code:q}"
            " --runs {params.runs:q} --references {params.references:q} --out {output:q}"
