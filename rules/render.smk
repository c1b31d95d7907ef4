# All pictures and videos of a finished avatar, in one job: it is loaded once.


rule render:
    input:
        avatar=f"{RUN}/avatar.safetensors",
        # The user's own; clips that ship do not change.
        motions=FILES.own_motions(),
    output:
        views=FILES.views(RUN),
        front=f"{RUN}/front.png",
        turntable=f"{RUN}/turntable.mp4",
        videos=FILES.videos(RUN),
        facts=f"{RUN}/views.json",
        sheet=f"{RUN}/sheet.png",
    log:
        f"{RUN}/logs/render.log",
    benchmark:
        f"{RUN}/benchmarks/render.tsv"
    # What is trained is shown before the next training on the CPU starts.
    priority: 10
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    resources:
        gpu=JOBS.gpus_of("render"),
        mem_mb=8000,
        runtime=60,
    params:
        code=JOBS.code("render"),
        settings=JOBS.settings("render"),
        folder=JOBS.folder,
    message:
        "render: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} render"
        " --settings {params.settings:q} --code {params.code:q} --avatar {input.avatar:q}"
        " --variant {wildcards.variant:q} --out {params.folder:q}"
