# Training of the models that ship; their data and how to ask for them are in synthesis.smk.


rule synthesis_prior:
    input:
        f"{SYNTHESIS}/train.done",
        f"{SYNTHESIS}/held_out.done",
    output:
        touch(f"{SYNTHESIS}/prior.done"),
    log:
        train=f"{SYNTHESIS}/logs/prior.log",
        export=f"{SYNTHESIS}/logs/prior_export.log",
        measure=f"{SYNTHESIS}/logs/prior_measures.log",
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    params:
        dataset=lambda wildcards: f"{SYNTHESIS}/train",
        held_out=lambda wildcards: f"{SYNTHESIS}/held_out",
        work=lambda wildcards: f"{SYNTHESIS}/prior",
        out=lambda wildcards: f"{SYNTHESIS}/prior/exported",
    message:
        "synthesis: UNet and ControlNet, half a day on a CPU, minutes on a GPU; then their measures"
    shell:
        "python -m gaussianmotion --log {log.train:q} --threads {threads} synthesis prior"
        " --dataset {params.dataset:q} --held-out {params.held_out:q} --out {params.work:q}"
        " && python -m gaussianmotion --log {log.export:q} --threads {threads} synthesis export-prior"
        " --work {params.work:q} --dataset {params.dataset:q} --out {params.out:q}"
        " && python -m gaussianmotion --log {log.measure:q} --threads {threads} synthesis measure-prior"
        " --prior {params.out:q} --held-out {params.held_out:q} --out {params.out:q}"


rule synthesis_alignment:
    input:
        f"{SYNTHESIS}/train.done",
        f"{SYNTHESIS}/held_out.done",
    output:
        touch(f"{SYNTHESIS}/alignment.done"),
    log:
        f"{SYNTHESIS}/logs/alignment.log",
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    params:
        dataset=lambda wildcards: f"{SYNTHESIS}/train",
        held_out=lambda wildcards: f"{SYNTHESIS}/held_out",
        work=lambda wildcards: f"{SYNTHESIS}/alignment",
    message:
        "synthesis: the text alignment model, and its measures"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} synthesis alignment"
        " --dataset {params.dataset:q} --held-out {params.held_out:q} --work {params.work:q}"
