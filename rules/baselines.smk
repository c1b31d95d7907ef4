# Other systems' renders, brought by the user (docs/how-to/baselines.md), checked, and scored as ours are.


rule baseline:
    input:
        files=FILES.brought,
        prompts=f"{ROOT}/prompts.tsv",
    output:
        # Last of all: the pictures beside it are whole when it is there.
        f"{ROOT}/baselines/{{system}}/imported.json",
    log:
        f"{ROOT}/logs/baselines/{{system}}.log",
    benchmark:
        f"{ROOT}/benchmarks/baselines/{{system}}.tsv"
    wildcard_constraints:
        system=one_of(CONFIG.baselines),
    # A mistake in the folder is told before hours of training.
    priority: 100
    conda:
        ENVIRONMENT
    threads: 1
    params:
        code=JOBS.code("baseline"),
        settings=JOBS.settings("baseline"),
        source=lambda wildcards: str(CONFIG.baselines[wildcards.system]),
    message:
        "baseline: {wildcards.system}"
    shell:
        "python -m gaussianmotion --log {log:q} baseline {wildcards.system:q}"
        " --settings {params.settings:q} --code {params.code:q} --renders {params.source:q}"
        " --prompts {input.prompts:q} --out {output:q}"


rule baseline_score:
    input:
        imported=f"{ROOT}/baselines/{{system}}/imported.json",
        models=lambda wildcards: SCORES.weights(wildcards.score),
    output:
        [
            f"{ROOT}/baselines/{{system}}/scores/{prompt}/{{score}}.json"
            for prompt in EXPERIMENT.prompts
        ],
    log:
        f"{ROOT}/logs/baselines/{{system}}/scores/each/{{score}}.log",
    benchmark:
        f"{ROOT}/benchmarks/baselines/{{system}}/scores/each/{{score}}.tsv"
    wildcard_constraints:
        system=one_of(CONFIG.baselines),
        score=one_of(SCORES.of_pictures),
    priority: 10
    conda:
        ENVIRONMENT
    threads: GPU_THREADS
    resources:
        gpu=lambda wildcards: JOBS.gpus_of(f"score_{wildcards.score}"),
        mem_mb=12000,
        runtime=30,
    params:
        code=lambda wildcards: JOBS.code(f"score_{wildcards.score}"),
        settings=lambda wildcards: JOBS.settings(f"score_{wildcards.score}")(wildcards),
        runs=lambda wildcards: [
            f"{ROOT}/baselines/{wildcards.system}/{prompt}"
            for prompt in EXPERIMENT.prompts
        ],
    message:
        "score: {wildcards.score} of each prompt ({wildcards.system})"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} score {wildcards.score}"
        " --settings {params.settings:q} --code {params.code:q} --run {params.runs:q} --out {output:q}"


rule baseline_pooled:
    input:
        imported=f"{ROOT}/baselines/{{system}}/imported.json",
        references=expand(
            f"{ROOT}/reference/{{prompt}}/reference.json", prompt=EXPERIMENT.prompts
        ),
        models=lambda wildcards: SCORES.weights(wildcards.score),
    output:
        f"{ROOT}/baselines/{{system}}/scores/{{score}}.json",
    log:
        f"{ROOT}/logs/baselines/{{system}}/scores/{{score}}.log",
    benchmark:
        f"{ROOT}/benchmarks/baselines/{{system}}/scores/{{score}}.tsv"
    wildcard_constraints:
        system=one_of(CONFIG.baselines),
        score=one_of(SCORES.pooled),
    priority: 20
    conda:
        ENVIRONMENT
    threads: GPU_THREADS
    resources:
        gpu=lambda wildcards: JOBS.gpus_of(f"pooled_{wildcards.score}"),
        mem_mb=12000,
        runtime=60,
    params:
        code=lambda wildcards: JOBS.code(f"pooled_{wildcards.score}"),
        settings=lambda wildcards: JOBS.settings(f"pooled_{wildcards.score}")(wildcards),
        runs=lambda wildcards: [
            f"{ROOT}/baselines/{wildcards.system}/{prompt}"
            for prompt in EXPERIMENT.prompts
        ],
        references=[f"{ROOT}/reference/{prompt}" for prompt in EXPERIMENT.prompts],
    message:
        "score: {wildcards.score} of all prompts ({wildcards.system})"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads}"
        " score-pooled {wildcards.score} --settings {params.settings:q} --code {params.code:q}"
        " --runs {params.runs:q} --references {params.references:q} --out {output:q}"
