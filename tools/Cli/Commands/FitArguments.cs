using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Commands;

/// <summary>The options of a training.</summary>
internal sealed class FitArguments
{
    // Small tables need more epochs than large sets of images to make as many steps.
    private const int WantedSteps = 2000;
    private const int FewestEpochs = 5;
    private const int MostEpochs = 100;
    private const int ManySamples = 10_000;

    private readonly Option<int?> _epochs = Typed.WholeOrNone(
        "--epochs", "How often to go through all samples; by default 5 to 100 times, more often the fewer there are.");

    private readonly Option<int?> _batchSize = CommonOptions.BatchSizeOrNone("Samples per step; by default 32, or 64 if there are 10,000 or more.");
    private readonly Option<string> _optimizer = Typed.Choice("--optimizer", "What updates the weights.", "adam", Optimizers.Names);

    private readonly Option<double?> _learningRate = Typed.Number(
        "--learning-rate", "The learning rate of the first step; by default 0.002 for adam, adamw and nadam, 0.01 for sgd, otherwise 0.001.",
        "a number above 0", value => value > 0);

    private readonly Option<string> _schedule = Typed.Choice(
        "--schedule", "Whether the learning rate decays along half a cosine, or is constant.", "cosine", "cosine", "constant");

    private readonly Option<int?> _patience = Typed.WholeOrNone(
        "--patience", "Stops after so many epochs in which the loss on held-out samples did not improve, and takes the best weights.");

    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int?> _threads = CommonOptions.Threads();

    private readonly Option<int?> _shards = Typed.WholeOrNone(
        "--shards",
        "Into how many parts each batch is cut, which the processes that mpirun starts share; by default one for each. "
        + "The same number gives the same file for any number of processes.");

    private readonly Option<string> _precision = Typed.Choice(
        "--precision", "The type of a step's activations. Weights stay float32.", "float32", "float32", "float16", "bfloat16");

    private readonly Option<string?> _resume = Typed.Text(
        "--resume", "Resumes from this checkpoint, with the data and options of the first run; the result is that of a run that never stopped.", "FILE");

    private readonly Option<int?> _checkpointSteps = Typed.WholeOrNone(
        "--checkpoint-steps", "Writes the checkpoint (OUT.checkpoint.onnx) also after so many steps; by default only after epochs and on Ctrl+C.");

    private readonly Option<string?> _epochFiles = Typed.Text(
        "--epoch-files",
        "Also saves the model after each epoch, in files of this name: in model.{epoch:00}.{loss:F3}.onnx the epoch's number and its loss are filled in.",
        "NAME");

    private readonly Option<string?> _log = Typed.Text(
        "--log", "Writes losses and metrics of each epoch as a line of this CSV file, which onnxf report draws.", "FILE");

    public void AddTo(Command command)
    {
        Option[] options =
        [
            _epochs, _batchSize, _optimizer, _learningRate, _schedule, _patience, _seed, _threads, _shards, _precision, _resume, _checkpointSteps,
            _epochFiles, _log,
        ];
        foreach (var option in options) command.Add(option);
    }

    /// <summary>The processes that train together: those that mpirun or srun has started, otherwise this one.</summary>
    /// <exception cref="DistributionException">The library of MPI is missing, or the processes differ.</exception>
    public Distribution Shared(ParseResult parsed) =>
        Distribution.IsStartedByMpi ? Distribution.Mpi(parsed.GetValue(_shards))
        : parsed.GetValue(_shards) is { } shards ? Distribution.OneProcess(shards)
        : Distribution.None;

    public TrainingOptions Options(ParseResult parsed, string output, Distribution distribution) => new(output)
    {
        Distribution = distribution,
        Optimizer = parsed.GetRequiredValue(_optimizer),
        LearningRate = parsed.GetValue(_learningRate),
        Decays = parsed.GetRequiredValue(_schedule) == "cosine",
        Patience = parsed.GetValue(_patience),
        Seed = parsed.GetValue(_seed),
        Threads = parsed.GetValue(_threads),
        Precision = Enum.Parse<MixedPrecision>(parsed.GetRequiredValue(_precision), ignoreCase: true),
        Resume = parsed.GetValue(_resume),
        Checkpoint = Path.ChangeExtension(output, ".checkpoint.onnx"),
        CheckpointSteps = parsed.GetValue(_checkpointSteps),
        EpochFiles = parsed.GetValue(_epochFiles),
        Log = parsed.GetValue(_log),
    };

    /// <summary>The options with what depends on the number of samples.</summary>
    /// <param name="options">The options.</param>
    /// <param name="parsed">What the user typed.</param>
    /// <param name="samples">The samples to learn from.</param>
    /// <param name="taken">The samples that the model takes at a time; null for any number.</param>
    public TrainingOptions ForSamples(TrainingOptions options, ParseResult parsed, int samples, int? taken)
    {
        var batchSize = parsed.GetValue(_batchSize) ?? taken ?? (samples < ManySamples ? 32 : 64);
        var steps = (samples + batchSize - 1) / batchSize;
        return options with
        {
            BatchSize = batchSize,
            Epochs = parsed.GetValue(_epochs) ?? Math.Clamp((WantedSteps + steps - 1) / steps, FewestEpochs, MostEpochs),
        };
    }
}
