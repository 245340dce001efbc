using OnnxFunctional.Benchmarks;

return args is ["--worker", ..] ? Worker.Run(args) : await Report.Run(args).ConfigureAwait(false);
