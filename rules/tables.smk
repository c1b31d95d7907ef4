# All scores in one table, and the tables that are made of it.


rule collect:
    input:
        scores=SCORES.all(),
        baselines=SCORES.of_baselines(),
        prompts=f"{ROOT}/prompts.tsv",
    output:
        f"{ROOT}/tables/scores.csv",
    log:
        f"{ROOT}/logs/tables/scores.log",
    benchmark:
        f"{ROOT}/benchmarks/tables/scores.tsv"
    priority: 20
    conda:
        ENVIRONMENT
    threads: 1
    params:
        code=JOBS.code("collect"),
        # Which files there are, the command knows from the configuration: thousands of paths
        # would be too long for one command line.
        settings=JOBS.settings("collect"),
        root=JOBS.root,
    message:
        "tables: all scores"
    shell:
        "python -m gaussianmotion --log {log:q} collect"
        " --settings {params.settings:q} --code {params.code:q} --root {params.root:q} --out {output:q}"


rule table:
    input:
        scores=f"{ROOT}/tables/scores.csv",
    output:
        csv=report(
            f"{ROOT}/tables/{{table}}.csv",
            caption="captions/table.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
        md=f"{ROOT}/tables/{{table}}.md",
        tex=f"{ROOT}/tables/{{table}}.tex",
        facts=f"{ROOT}/tables/{{table}}.json",
    log:
        f"{ROOT}/logs/tables/{{table}}.log",
    benchmark:
        f"{ROOT}/benchmarks/tables/{{table}}.tsv"
    wildcard_constraints:
        table=one_of(SCORE_TABLES),
    priority: 20
    conda:
        ENVIRONMENT
    threads: 1
    params:
        code=lambda wildcards: JOBS.code(wildcards.table),
        settings=lambda wildcards: JOBS.settings(wildcards.table)(wildcards),
    message:
        "tables: {wildcards.table}"
    shell:
        "python -m gaussianmotion --log {log:q} table {wildcards.table}"
        " --settings {params.settings:q} --code {params.code:q} --scores {input.scores:q} --out {output.csv:q}"
