# Samples of the text-to-image model: reference images of each prompt, and Fig. 5's noised renders.
#
# reference/PROMPT/unfinished/ is no output: Snakemake deletes the outputs of an interrupted job, and
# the job must find its finished samples again to go on.


rule reference:
    input:
        models=f"{ROOT}/models/prior.json",
    output:
        samples=[
            f"{ROOT}/reference/{{prompt}}/{index:02d}.png"
            for index in range(CONFIG.reference.count)
        ],
        facts=f"{ROOT}/reference/{{prompt}}/reference.json",
    log:
        f"{ROOT}/logs/reference/{{prompt}}.log",
    benchmark:
        f"{ROOT}/benchmarks/reference/{{prompt}}.tsv"
    conda:
        ENVIRONMENT
    threads: GPU_THREADS
    resources:
        gpu=JOBS.gpus.each,
        mem_mb=12000,
        runtime=60,
    params:
        code=JOBS.code("reference"),
        settings=JOBS.settings("reference"),
        prompt=JOBS.prompt,
        folder=JOBS.folder,
    message:
        "reference: {wildcards.prompt}"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} reference"
        " --settings {params.settings:q} --code {params.code:q} --prompt-id {wildcards.prompt:q}"
        " --prompt={params.prompt:q} --out {params.folder:q}"


rule noised_sample:
    input:
        avatar=FILES.noised_avatar,
        models=f"{ROOT}/models/prior.json",
    output:
        [
            f"{ROOT}/noised/{{prompt}}/{name}"
            for name in (
                "render.png",
                "pose.png",
                "with.png",
                "without.png",
                "noised.json",
            )
        ],
    log:
        f"{ROOT}/logs/noised/{{prompt}}.log",
    benchmark:
        f"{ROOT}/benchmarks/noised/{{prompt}}.tsv"
    conda:
        ENVIRONMENT
    threads: GPU_THREADS
    resources:
        gpu=JOBS.gpus.each,
        mem_mb=12000,
        runtime=30,
    params:
        code=JOBS.code("noised"),
        settings=JOBS.settings("noised"),
        folder=JOBS.folder,
    message:
        "noised: {wildcards.prompt}"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} noised"
        " --settings {params.settings:q} --code {params.code:q} --avatar {input.avatar:q} --out {params.folder:q}"
