using OnnxFunctional.Cli;

return await CommandLine.Run(args).ConfigureAwait(false);
