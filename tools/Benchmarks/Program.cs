using System.Globalization;
using OnnxFunctional.Benchmarks;
using OnnxFunctional.Benchmarks.Distributed;
using OnnxFunctional.Benchmarks.Scale;

return args switch
{
    ["--worker", SharedWorker.Side, var name, var shards, var threads, var batch] =>
        SharedWorker.Run(name, Number(shards), Number(threads), Number(batch)),
    ["--worker", ManyRows.Side, var optimizer, var rows] => ManyRows.Run(optimizer, Number(rows)),
    ["--worker", ..] => Worker.Run(args),
    _ => await Report.Run(args).ConfigureAwait(false),
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
