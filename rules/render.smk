# Pictures and videos of a finished avatar.


rule views:
    input:
        avatar=f"{RUN}/avatar.safetensors",
    output:
        views=expand(
            f"{RUN}/views/{{index}}.png",
            index=[f"{index:02d}" for index in range(CONFIG.render.views)],
            allow_missing=True,
        ),
        front=f"{RUN}/front.png",
        turntable=f"{RUN}/turntable.mp4",
        facts=f"{RUN}/views.json",
    log:
        f"{RUN}/logs/views.log",
    benchmark:
        f"{RUN}/benchmarks/views.tsv"
    # What is trained is shown before the next training starts.
    priority: 10
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    resources:
        gpu=gpus_of("views"),
        mem_mb=8000,
        runtime=30,
    params:
        code=code("views"),
        settings=settings("views"),
        folder=run_folder,
    message:
        "views: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} views"
        " --settings {params.settings:q} --code {params.code:q} --avatar {input.avatar:q} --out {params.folder:q}"


rule animate:
    input:
        avatar=f"{RUN}/avatar.safetensors",
        motion=motion_files,
    output:
        video=f"{RUN}/motions/{{motion}}.mp4",
        facts=f"{RUN}/motions/{{motion}}.json",
    log:
        f"{RUN}/logs/motions/{{motion}}.log",
    benchmark:
        f"{RUN}/benchmarks/motions/{{motion}}.tsv"
    # What is trained is shown before the next training starts.
    priority: 10
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    resources:
        gpu=gpus_of("animate"),
        mem_mb=8000,
        runtime=30,
    params:
        code=code("animate"),
        settings=settings("animate"),
        motion=motion_source,
    message:
        "animate: {wildcards.prompt}, {wildcards.motion}"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} animate"
        " --settings {params.settings:q} --code {params.code:q} --avatar {input.avatar:q}"
        " --motion {params.motion:q} --out {output.video:q}"
