using System.Diagnostics;
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <content>The training loop.</content>
public sealed partial class Trainer
{
    /// <summary>Trains the model on data in memory.</summary>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="y">The targets of the outputs; those without loss and metric may be left out.</param>
    /// <param name="batchSize">The number of samples per step.</param>
    /// <param name="epochs">The number of passes over the data; with <paramref name="initialEpoch"/>, the epoch at which training ends.</param>
    /// <param name="validationSplit">The share of the samples that is held out for evaluation: the last ones, before shuffling.</param>
    /// <param name="validationData">Data to evaluate on after each epoch; nothing is held out then.</param>
    /// <param name="shuffle">Whether samples are shuffled before each epoch.</param>
    /// <param name="sampleWeight">
    /// A weight per sample: one array for all outputs, or one per output, in order or by name. Held-out samples keep theirs in the evaluation.
    /// </param>
    /// <param name="callbacks">Objects that receive the progress of training.</param>
    /// <param name="initialEpoch">The first epoch, counted from 0.</param>
    /// <param name="verbose">What is printed during training: 0 nothing, 1 a bar, which is the default, 2 one line per epoch.</param>
    /// <param name="classWeight">
    /// Weights of the samples of each class, by class index; default: 1. They apply to training only, not to held-out samples.
    /// </param>
    /// <param name="stepsPerEpoch">The number of steps per epoch; default: one pass over the data.</param>
    /// <param name="validationFreq">The number of epochs between evaluations.</param>
    /// <param name="cancellationToken">Stops training after the current step.</param>
    /// <returns>The losses and metrics of every epoch.</returns>
    /// <remarks>
    /// After a cancellation the next Fit continues where this one ended, with the same bits as without it; with an <paramref name="initialEpoch"/> it starts at
    /// that epoch instead, and a model that is compiled again starts over. After an exception the model has the weights of the last complete step.
    /// </remarks>
    /// <exception cref="ModelException">
    /// Data and model do not fit, values are not finite, or class indices are out of range; Trainable of a layer was changed since Compile; the model is being
    /// trained by another thread; or the loss is no longer finite: that step changed nothing, and the message
    /// says whether data, a layer, the loss, a gradient or an update made it.
    /// </exception>
    /// <exception cref="DataException">A callback cannot write its file. Nothing that was trained is lost.</exception>
    [OverloadResolutionPriority(1)]
    public History Fit(
        NDArrays x,
        NDArrays? y = null,
        int batchSize = 32,
        int epochs = 1,
        double validationSplit = 0,
        (NDArrays X, NDArrays Y)? validationData = null,
        bool shuffle = true,
        NDArrays? sampleWeight = null,
        IReadOnlyList<Callback>? callbacks = null,
        int initialEpoch = 0,
        Verbosity verbose = default,
        Dictionary<int, double>? classWeight = null,
        int? stepsPerEpoch = null,
        int validationFreq = 1,
        CancellationToken cancellationToken = default)
    {
        var arrays = Checked(x, y, sampleWeight);
        List<NDArray>? validation = null;
        if (validationData is { } given)
        {
            validation = Checked(given.X, given.Y, null);
        }
        else if (validationSplit is > 0 and < 1)
        {
            var count = arrays[0].Count;
            var trained = (int)Math.Floor(count * (1.0 - validationSplit));
            if (trained == 0 || trained == count)
            {
                throw new ModelException(
                    $"validationSplit = {validationSplit} of {count} samples leaves no sample for one of the two sets. Use more samples or another share.");
            }

            validation = [.. arrays.Select(array => array.Slice(trained, count - trained))];
            arrays = [.. arrays.Select(array => array.Slice(0, trained))];
        }
        else if (validationSplit != 0)
        {
            throw new ModelException($"validationSplit is {validationSplit}; expected 0 or a share below 1.");
        }

        // Class weights are for training only; the weights of held-out samples are theirs.
        if (classWeight is not null) arrays = Weighted(arrays, classWeight);
        var batches = Stepped(Batches(arrays, batchSize, shuffle), stepsPerEpoch);
        var held = validation is null ? null : Batches(validation, batchSize, shuffle: false);
        return FitBatches(batches, held, initialEpoch, epochs, callbacks ?? [], verbose, cancellationToken, validationFreq);
    }

    /// <summary>Trains the model on batches that are created on the fly, so the data may be larger than memory.</summary>
    /// <param name="batches">Enumerated once per epoch; a <see cref="Dataset{T}"/> may shuffle each epoch differently.</param>
    /// <param name="epochs">The number of passes over the batches; with <paramref name="initialEpoch"/>, the epoch at which training ends.</param>
    /// <param name="stepsPerEpoch">The number of steps per epoch; the next epoch continues where it ended. Default: one pass over the batches.</param>
    /// <param name="validationData">Batches to evaluate on after each epoch.</param>
    /// <param name="validationSteps">The number of batches to use; default: all.</param>
    /// <param name="validationFreq">The number of epochs between evaluations.</param>
    /// <param name="classWeight">Weights of the samples of each class, by class index; default: 1.</param>
    /// <param name="callbacks">Objects that receive the progress of training.</param>
    /// <param name="initialEpoch">The first epoch, counted from 0.</param>
    /// <param name="verbose">What is printed during training: 0 nothing, 1 a bar, which is the default, 2 one line per epoch.</param>
    /// <param name="cancellationToken">Stops training after the current step.</param>
    /// <returns>The losses and metrics of every epoch.</returns>
    /// <exception cref="ModelException">A batch and the model do not fit; or the loss is no longer finite: the message names batch and layer.</exception>
    public History Fit(
        IEnumerable<Batch> batches,
        int epochs = 1,
        int? stepsPerEpoch = null,
        IEnumerable<Batch>? validationData = null,
        int? validationSteps = null,
        int validationFreq = 1,
        Dictionary<int, double>? classWeight = null,
        IReadOnlyList<Callback>? callbacks = null,
        int initialEpoch = 0,
        Verbosity verbose = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        DataChecks.Build(Model, batches);
        if (validationSteps < 1) throw new ModelException($"validationSteps is {validationSteps}; expected at least 1.");
        using var training = Stream(batches, classWeight);
        using var validation = validationData is null ? null : Stream(First(validationData, validationSteps), null);
        return FitBatches(Stepped(training, stepsPerEpoch), validation, initialEpoch, epochs, callbacks ?? [], verbose, cancellationToken, validationFreq);
    }

    /// <summary>Trains the model on batches that arrive asynchronously, on a thread-pool thread.</summary>
    /// <param name="batches">Enumerated once per epoch.</param>
    /// <param name="epochs">The number of passes over the batches.</param>
    /// <param name="stepsPerEpoch">The number of steps per epoch; the next epoch continues where it ended. Default: one pass over the batches.</param>
    /// <param name="validationData">Batches to evaluate on after each epoch.</param>
    /// <param name="callbacks">Objects that receive the progress of training.</param>
    /// <param name="verbose">What is printed during training: 0 nothing, 1 a bar, which is the default, 2 one line per epoch.</param>
    /// <param name="cancellationToken">Stops training after the current step.</param>
    /// <returns>The losses and metrics of every epoch.</returns>
    /// <exception cref="ModelException">
    /// A batch and the model do not fit; or the loss is no longer finite: the message names batch and layer. The task holds the exception.
    /// </exception>
    public Task<History> FitAsync(
        IAsyncEnumerable<Batch> batches,
        int epochs = 1,
        int? stepsPerEpoch = null,
        IEnumerable<Batch>? validationData = null,
        IReadOnlyList<Callback>? callbacks = null,
        Verbosity verbose = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return Task.Run(Run, CancellationToken.None);

        History Run()
        {
            var arriving = batches.ToBlockingEnumerable(CancellationToken.None);
            return Fit(arriving, epochs, stepsPerEpoch, validationData, callbacks: callbacks, verbose: verbose, cancellationToken: cancellationToken);
        }
    }

    /// <summary>How long the running or last Fit has waited for data.</summary>
    internal DataWait DataWait { get; private set; } = new();

    private static BatchSource Stepped(BatchSource batches, int? steps) => steps switch
    {
        null => batches,
        < 1 => throw new ModelException($"stepsPerEpoch is {steps}; expected at least 1."),
        { } count => new SteppedBatches(batches, count),
    };

    private static IEnumerable<Batch> First(IEnumerable<Batch> batches, int? count) => count is not { } number ? batches
        : batches is Dataset<Batch> dataset ? dataset.Take(number) : batches.Take(number);

    private BatchSource Stream(IEnumerable<Batch> batches, Dictionary<int, double>? classWeight)
    {
        // Rows are copied to where a step reads them, unless a thread is to put them into batches in advance.
        if (batches is SampleBatches { Ahead.Threads: 0 } rows) return new RowBatches(rows, Arrays, CheckSize);
        return new StreamBatches(batches, Distribution.Share, Arrays, CheckSize);

        IReadOnlyList<NDArray> Arrays(Batch batch)
        {
            var arrays = Checked(batch.X, batch.Y, batch.SampleWeight);
            return classWeight is null ? arrays : Weighted(arrays, classWeight);
        }

        void CheckSize(int samples) => DataChecks.BatchesFit(Model, samples, samples);
    }

    internal History FitBatches(
        BatchSource batches,
        BatchSource? validation,
        int initialEpoch,
        int epochs,
        IReadOnlyList<Callback> callbacks,
        Verbosity verbose,
        CancellationToken cancellationToken,
        int validationFreq = 1)
    {
        if (validationFreq < 1) throw new ModelException($"validationFreq is {validationFreq}; expected at least 1.");
        if (epochs < 0 || initialEpoch < 0)
            throw new ModelException($"Fit has epochs {epochs} and initialEpoch {initialEpoch}; expected numbers of at least 0.");
        using var turn = Turn.Take(this);
        if (epochs == 0 || (initialEpoch > 0 && epochs <= initialEpoch))
        {
            Warnings.Once(this, WarningKind.NoEpoch, () =>
                $"Fit has epochs: {epochs} and initialEpoch: {initialEpoch}, so nothing is trained. "
                + "With an initialEpoch, epochs is the epoch at which training ends, not the number of further ones.");
        }

        _compiled.CheckLayers();
        _compiled.CheckTrainable();
        (_validationFreq, _validates) = (validationFreq, validation is not null);
        var history = new History();

        // Progress and history come last, so that they see what the others log.
        var isFirst = Distribution.Rank == 0;
        Callback[] all =
        [
            .. callbacks.Where(callback => isFirst || !callback.IsForOneProcess),
            .. isFirst ? ProgressBar.For(verbose, epochs, batches.BatchesPerEpoch) : [],
            history,
        ];
        StopTraining = false;
        foreach (var callback in all) callback.Attach(this);
        try
        {
            Run(batches, validation, initialEpoch, epochs, all, history, cancellationToken);
        }
        catch (Exception error)
        {
            // Callbacks close their files; the first exception is thrown, whatever else fails now.
            foreach (var callback in all) callback.Fail(error);
            throw;
        }

        return history;
    }

    private void Run(
        BatchSource batches,
        BatchSource? validation,
        int initialEpoch,
        int epochs,
        Callback[] all,
        History history,
        CancellationToken cancellationToken)
    {
        var logs = new Dictionary<string, double>();
        foreach (var callback in all) callback.OnTrainBegin();
        var resumed = TakePosition(initialEpoch, batches, all);
        Distribution.Begin(Model, _compiled, batches, (resumed?.Epoch ?? initialEpoch, resumed?.Step ?? 0));
        Distribution.Clock?.Restart();
        if (resumed is not null) history.Restore(resumed.History);
        (_callbacks, _history, _batchesPerEpoch, _underWay) = (all, history, batches.BatchesPerEpoch, true);
        (_epoch, _step) = (resumed?.Epoch ?? initialEpoch, 0);
        DataWait = new();
        var part = false;
        for (var epoch = _epoch; epoch < epochs && !StopTraining; epoch++)
        {
            var rate = (float)LearningRate;
            foreach (var callback in all) callback.OnEpochBegin(epoch);
            _training.Reset();
            batches.Start(epoch);
            var begunAt = Stopwatch.GetTimestamp();
            (_epoch, _step) = (epoch, 0);
            if (resumed is { Step: > 0 })
            {
                Skip(resumed, batches, rate);
                _step = resumed.Step;
            }

            resumed = null;
            var cancelled = false;

            // What waits for an update is in no file, so training that is to be resumed ends with one.
            while (!(cancelled = !HoldsGradients && Distribution.Any(cancellationToken.IsCancellationRequested)) && batches.MoveNext())
            {
                var step = _step;
                foreach (var callback in all) callback.OnBatchBegin(step);
                _training.Run(batches, (ulong)Iterations);
                if (!float.IsFinite(_training.LastLoss) && !Array.Exists(all, callback => callback.HandlesNaN))
                    throw Diverged(batches, $"epoch {epoch + 1}, batch {step + 1}");
                _step++;
                foreach (var callback in all) callback.OnBatchEnd(step, _training);
                if (Array.Exists(all, callback => callback.StopsAtOnce) && (StopTraining = Distribution.Any(StopTraining))) break;
            }

            _training.Settle();
            DataWait.Add(batches, Stopwatch.GetElapsedTime(begunAt));
            logs.Clear();
            _training.Report(logs, "");
            if (_step == 0 && !cancelled) throw Exhausted(epoch);
            CheckWeights(all, epoch);
            var begun = _step > 0;
            if (validation is not null && !SkipsValidation(epoch) && !cancelled) Evaluate(validation, logs, "val_", cancellationToken);
            part = Distribution.Any(cancellationToken.IsCancellationRequested);
            if (part) StopTraining = true;
            else (_epoch, _step) = (epoch + 1, 0);
            if (begun) EndEpoch(all, history, epoch, logs, part);

            foreach (var callback in all) callback.OnEpochDone(epoch);
            StopTraining = Distribution.Any(StopTraining);
        }

        _underWay = part;

        // Cancelled training keeps the weights of its last step, so that it resumes exactly: from a file, or in the next Fit.
        if (part) _resume = State.Position;
        else TakeAverages();
        foreach (var callback in all) callback.OnTrainEnd();
    }

    private static void EndEpoch(Callback[] all, History history, int epoch, Dictionary<string, double> logs, bool part)
    {
        try
        {
            foreach (var callback in all)
            {
                if (!part || !callback.NeedsWholeEpochs) callback.OnEpochEnd(epoch, logs);
            }
        }
        catch when (history.Epochs.Count == 0 || history.Epochs[^1] != epoch)
        {
            // The epoch was trained: a file saved now resumes with its logs.
            history.OnEpochEnd(epoch, logs);
            throw;
        }
    }

    private static ModelException Exhausted(int epoch) => new(
        $"The data holds no batch for epoch {epoch + 1}."
        + (epoch == 0
            ? " Check where it comes from: nothing was trained."
            : " A sequence that can be enumerated only once ends with the first epoch: pass a Dataset or a collection, or train one epoch. "
                + $"The model keeps the weights of epoch {epoch}."));

    /// <summary>Replaces weights by their moving averages, if the optimizer keeps them.</summary>
    private void TakeAverages()
    {
        if (!_compiled.Optimizer.UseEma) return;
        using var held = WeightGate.Hold(Model.Weights);
        foreach (var (path, weight) in Model.WeightPaths())
        {
            if (_compiled.State.Find(OptimizerState.AverageOf(path)) is { } average) average.Storage.CopyTo(weight.Storage, 0);
        }
    }
}
