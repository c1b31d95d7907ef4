# The user study: its pairs, and Table 2 from the votes, where there are some.
#
# People are asked outside of the workflow: `gaussianmotion study serve`, then `study export`.


rule study_pairs:
    input:
        clips=FILES.study_clips(),
    output:
        f"{ROOT}/study/pairs.json",
    log:
        f"{ROOT}/logs/study/pairs.log",
    benchmark:
        f"{ROOT}/benchmarks/study/pairs.tsv"
    priority: 20
    conda:
        ENVIRONMENT
    threads: 1
    params:
        code=JOBS.code("study"),
        settings=JOBS.settings("study"),
        root=JOBS.root,
    message:
        "study: choose pairs"
    shell:
        "python -m gaussianmotion --log {log:q} study pairs"
        " --settings {params.settings:q} --code {params.code:q} --experiment {params.root:q} --out {output:q}"


rule table2:
    input:
        pairs=f"{ROOT}/study/pairs.json",
        # Exported from the study's database by the user.
        votes=FILES.votes(),
    output:
        csv=report(
            f"{ROOT}/tables/table2.csv",
            caption="captions/table.rst",
            category="Tables",
            labels={"table": "table2"},
        ),
        md=f"{ROOT}/tables/table2.md",
        tex=f"{ROOT}/tables/table2.tex",
        facts=f"{ROOT}/tables/table2.json",
    log:
        f"{ROOT}/logs/tables/table2.log",
    benchmark:
        f"{ROOT}/benchmarks/tables/table2.tsv"
    priority: 20
    conda:
        ENVIRONMENT
    threads: 1
    params:
        code=JOBS.code("table2"),
        root=JOBS.root,
    message:
        "tables: table2"
    shell:
        "python -m gaussianmotion --log {log:q} study table --code {params.code:q}"
        " --experiment {params.root:q} --out {output.csv:q}"
