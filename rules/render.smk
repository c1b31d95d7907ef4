# All pictures and videos of a finished avatar, in one job: it is loaded once.


rule render:
    input:
        avatar=f"{RUN}/avatar.safetensors",
        # The user's own; clips that ship do not change.
        motions=[path for source in MOTIONS.values() for path in motion_inputs(source)],
    output:
        views=[f"{RUN}/{name}" for name in VIEW_FILES],
        front=f"{RUN}/front.png",
        turntable=f"{RUN}/turntable.mp4",
        videos=[
            f"{RUN}/motions/{name}.{kind}" for name in MOTIONS for kind in ("mp4", "json")
        ],
        facts=f"{RUN}/views.json",
        sheet=f"{RUN}/sheet.png",
    log:
        f"{RUN}/logs/render.log",
    benchmark:
        f"{RUN}/benchmarks/render.tsv"
    # What is trained is shown before the next training starts.
    priority: 10
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    resources:
        gpu=gpus_of("render"),
        mem_mb=8000,
        runtime=60,
    params:
        code=code("render"),
        settings=settings("render"),
        folder=run_folder,
    message:
        "render: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} render"
        " --settings {params.settings:q} --code {params.code:q} --avatar {input.avatar:q}"
        " --variant {wildcards.variant:q} --out {params.folder:q}"
