# The paper's figures 3-7, as pictures and as PDF.


rule figure:
    input:
        prompts=f"{ROOT}/prompts.tsv",
        files=FILES.of_figure,
    output:
        picture=report(
            f"{ROOT}/figures/{{figure}}.png",
            caption="captions/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        page=f"{ROOT}/figures/{{figure}}.pdf",
    log:
        f"{ROOT}/logs/{{figure}}.log",
    benchmark:
        f"{ROOT}/benchmarks/figure/{{figure}}.tsv"
    wildcard_constraints:
        figure=one_of(FIGURES),
    conda:
        ENVIRONMENT
    threads: CONFIG.threads
    resources:
        gpu=JOBS.gpus_of("figures"),
        mem_mb=8000,
        runtime=30,
    params:
        code=JOBS.code("figures"),
        settings=JOBS.settings("figures"),
        root=JOBS.root,
        stem=lambda wildcards, output: output.page.removesuffix(".pdf"),
    message:
        "figure: {wildcards.figure}"
    shell:
        "python -m gaussianmotion --log {log:q} --threads {threads} figure {wildcards.figure}"
        " --settings {params.settings:q} --code {params.code:q} --root {params.root:q} --out {params.stem:q}"
