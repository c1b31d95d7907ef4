# Avatars for browsers and other programs: on request, or all that `export:` names.


rule viewer:
    input:
        avatar=f"{RUN}/avatar.safetensors",
        motions=FILES.own_motions(),
    output:
        f"{RUN}/avatar.html",
    log:
        f"{RUN}/logs/viewer.log",
    benchmark:
        f"{RUN}/benchmarks/viewer.tsv"
    priority: 10
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=15,
    params:
        code=JOBS.code("viewer"),
        settings=JOBS.settings("viewer"),
    message:
        "viewer: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} viewer"
        " --settings {params.settings:q} --code {params.code:q} --avatar {input.avatar:q}"
        " --variant {wildcards.variant:q} --out {output:q}"


rule export_splats:
    input:
        avatar=f"{RUN}/avatar.safetensors",
    output:
        f"{RUN}/{{file}}",
    log:
        f"{RUN}/logs/{{file}}.log",
    benchmark:
        f"{RUN}/benchmarks/{{file}}.tsv"
    wildcard_constraints:
        file=one_of(SPLAT_EXPORTS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=15,
    params:
        code=JOBS.code("export_splats"),
        format=JOBS.export_format,
        pose=CONFIG.render.pose,
    message:
        "export: {output}"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} export {params.format}"
        " --code {params.code:q} --pose {params.pose} --avatar {input.avatar:q} --out {output:q}"


rule export_mesh:
    input:
        avatar=f"{RUN}/avatar.safetensors",
    output:
        f"{RUN}/avatar.glb",
    log:
        f"{RUN}/logs/avatar.glb.log",
    benchmark:
        f"{RUN}/benchmarks/avatar.glb.tsv"
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    resources:
        mem_mb=6000,
        runtime=20,
    params:
        code=JOBS.code("export_mesh"),
    message:
        "export: {output}"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} export mesh-glb"
        " --code {params.code:q} --avatar {input.avatar:q} --out {output:q}"


rule gallery:
    input:
        pages=FILES.main_pages(),
        # It shows them until a page is opened.
        fronts=FILES.main_fronts(),
    output:
        f"{ROOT}/gallery.html",
    log:
        f"{ROOT}/logs/gallery.log",
    benchmark:
        f"{ROOT}/benchmarks/gallery.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    params:
        code=JOBS.code("gallery"),
        title=CONFIG.experiment,
    message:
        "gallery: {output}"
    shell:
        "python -m gaussianmotion --log {log:q} gallery {input.pages:q} --code {params.code:q}"
        " --title {params.title:q} --out {output:q}"
