# One JSON per distance: of all avatars of a variant and seed against references of their prompts.

for NAME in POOLED:

    rule:
        name:
            f"pooled_{NAME}"
        input:
            views=lambda wildcards: [
                f"{folder_of(run)}/{name}"
                for run in pooled_runs(wildcards)
                for name in ("views.json", *VIEW_FILES)
            ],
            references=lambda wildcards: [
                f"{ROOT}/reference/{run.prompt}/reference.json"
                for run in pooled_runs(wildcards)
            ],
            models=models_of(NAME),
        output:
            f"{ROOT}/scores/{{variant}}/{{seed}}/{NAME}.json",
        log:
            f"{ROOT}/logs/scores/{{variant}}/{{seed}}/{NAME}.log",
        benchmark:
            f"{ROOT}/benchmarks/scores/{{variant}}/{{seed}}/{NAME}.tsv"
        priority: 20
        conda:
            ENVIRONMENT
        threads: CONFIG.threads
        resources:
            gpu=gpus_of(f"pooled_{NAME}"),
            mem_mb=12000,
            runtime=60,
        params:
            code=code(f"pooled_{NAME}"),
            settings=settings(f"pooled_{NAME}"),
            score=NAME,
            runs=lambda wildcards: [folder_of(run) for run in pooled_runs(wildcards)],
            references=lambda wildcards: [
                f"{ROOT}/reference/{run.prompt}" for run in pooled_runs(wildcards)
            ],
        message:
            "score: {params.score} of all prompts ({wildcards.variant}, seed {wildcards.seed})"
        shell:
            "python -m gaussianmotion --log {log:q} --threads {threads}"
            " score-pooled {params.score} --settings {params.settings:q} --code {params.code:q}"
            " --runs {params.runs:q} --references {params.references:q} --out {output:q}"
