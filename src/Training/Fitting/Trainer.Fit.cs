using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Training;

/// <content>The training loop.</content>
public sealed partial class Trainer
{
    /// <summary>Trains the model on data in memory.</summary>
    /// <param name="x">Data of the inputs.</param>
    /// <param name="y">Targets of the outputs.</param>
    /// <param name="batchSize">Samples of one step.</param>
    /// <param name="epochs">How often all data is gone through; the number of the last epoch where <paramref name="initialEpoch"/> is given.</param>
    /// <param name="validationSplit">The share of the samples, from the end and before shuffling, that is only evaluated.</param>
    /// <param name="validationData">Data that is only evaluated, after each epoch.</param>
    /// <param name="shuffle">Whether each epoch has an order of its own.</param>
    /// <param name="sampleWeight">A weight for each sample: one array for all outputs, or one for each, in order or by name.</param>
    /// <param name="callbacks">What is told of the progress.</param>
    /// <param name="initialEpoch">The first epoch's number, counted from 0.</param>
    /// <param name="verbose">What is printed.</param>
    /// <param name="classWeight">A weight for the samples of each class, by class number; 1 where none is given.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch; once through the data if none are given.</param>
    /// <param name="validationFreq">Epochs from one evaluation to the next.</param>
    /// <param name="cancellationToken">Ends training after the present step.</param>
    /// <returns>Losses and metrics of every epoch.</returns>
    /// <exception cref="ModelException">Data and model do not fit, numbers that are not finite, class numbers out of range; or the loss stopped being a number, with batch and layer.</exception>
    public History Fit(
        NDArrays x,
        NDArrays y,
        int batchSize = 32,
        int epochs = 1,
        float validationSplit = 0,
        (NDArrays X, NDArrays Y)? validationData = null,
        bool shuffle = true,
        NDArrays? sampleWeight = null,
        IReadOnlyList<Callback>? callbacks = null,
        int initialEpoch = 0,
        Verbosity verbose = Verbosity.Auto,
        IReadOnlyDictionary<int, float>? classWeight = null,
        int? stepsPerEpoch = null,
        int validationFreq = 1,
        CancellationToken cancellationToken = default)
    {
        var arrays = Checked(x, y, sampleWeight, classWeight);
        List<NDArray>? validation = null;
        if (validationData is { } held)
        {
            validation = Checked(held.X, held.Y, null);
        }
        else if (validationSplit is > 0 and < 1)
        {
            var count = arrays[0].Count;
            var trained = (int)Math.Floor(count * (1.0 - validationSplit));
            if (trained == 0 || trained == count) throw new ModelException($"validationSplit = {validationSplit} of {count} samples leaves nothing on one side; use more samples or another share.");
            validation = [.. arrays.Select(array => array.Slice(trained, count - trained))];
            arrays = [.. arrays.Select(array => array.Slice(0, trained))];
        }
        else if (validationSplit != 0)
        {
            throw new ModelException($"validationSplit is {validationSplit}; expected 0 or a share below 1.");
        }

        var batches = new ArrayBatches(arrays, Size(batchSize), shuffle, Seed);
        return FitBatches(Stepped(batches, stepsPerEpoch), validation is null ? null : new ArrayBatches(validation, batchSize, shuffle: false, Seed), initialEpoch, epochs, callbacks ?? [], verbose, cancellationToken, validationFreq);
    }

    /// <summary>Trains the model on batches that are made while they are used, so that data may be larger than memory.</summary>
    /// <param name="batches">Gone through once an epoch; a <see cref="Dataset{T}"/> gives each epoch an order of its own.</param>
    /// <param name="epochs">How often the batches are gone through; the number of the last epoch where <paramref name="initialEpoch"/> is given.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch; the next goes on where it ended. Once through the batches if none are given.</param>
    /// <param name="validationData">Batches that are only evaluated, after each epoch.</param>
    /// <param name="validationSteps">How many of them; all if none are given.</param>
    /// <param name="validationFreq">Epochs from one evaluation to the next.</param>
    /// <param name="classWeight">A weight for the samples of each class, by class number; 1 where none is given.</param>
    /// <param name="callbacks">What is told of the progress.</param>
    /// <param name="initialEpoch">The first epoch's number, counted from 0.</param>
    /// <param name="verbose">What is printed.</param>
    /// <param name="cancellationToken">Ends training after the present step.</param>
    /// <returns>Losses and metrics of every epoch.</returns>
    /// <exception cref="ModelException">A batch and the model do not fit; or the loss stopped being a number, with batch and layer.</exception>
    public History Fit(
        IEnumerable<Batch> batches,
        int epochs = 1,
        int? stepsPerEpoch = null,
        IEnumerable<Batch>? validationData = null,
        int? validationSteps = null,
        int validationFreq = 1,
        IReadOnlyDictionary<int, float>? classWeight = null,
        IReadOnlyList<Callback>? callbacks = null,
        int initialEpoch = 0,
        Verbosity verbose = Verbosity.Auto,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        if (validationSteps < 1) throw new ModelException($"validationSteps is {validationSteps}; expected at least 1.");
        using var training = Stream(batches, classWeight);
        using var validation = validationData is null ? null : Stream(validationSteps is { } steps ? validationData.Take(steps) : validationData, null);
        return FitBatches(Stepped(training, stepsPerEpoch), validation, initialEpoch, epochs, callbacks ?? [], verbose, cancellationToken, validationFreq);
    }

    /// <summary>Trains the model on batches that arrive asynchronously, on a thread of the pool.</summary>
    /// <param name="batches">Gone through once an epoch.</param>
    /// <param name="epochs">How often the batches are gone through.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch; the next goes on where it ended. Once through the batches if none are given.</param>
    /// <param name="validationData">Batches that are only evaluated, after each epoch.</param>
    /// <param name="callbacks">What is told of the progress.</param>
    /// <param name="verbose">What is printed.</param>
    /// <param name="cancellationToken">Ends training after the present step.</param>
    /// <returns>Losses and metrics of every epoch.</returns>
    public Task<History> FitAsync(
        IAsyncEnumerable<Batch> batches,
        int epochs = 1,
        int? stepsPerEpoch = null,
        IEnumerable<Batch>? validationData = null,
        IReadOnlyList<Callback>? callbacks = null,
        Verbosity verbose = Verbosity.Auto,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return Task.Run(() => Fit(batches.ToBlockingEnumerable(CancellationToken.None), epochs, stepsPerEpoch, validationData, callbacks: callbacks, verbose: verbose, cancellationToken: cancellationToken), CancellationToken.None);
    }

    private static BatchSource Stepped(BatchSource batches, int? steps) => steps switch
    {
        null => batches,
        < 1 => throw new ModelException($"stepsPerEpoch is {steps}; expected at least 1."),
        { } count => new SteppedBatches(batches, count),
    };

    private StreamBatches Stream(IEnumerable<Batch> batches, IReadOnlyDictionary<int, float>? classWeight) =>
        new(batches, batch => Checked(batch.X, batch.Y, batch.SampleWeight, classWeight));

    internal History FitBatches(
        BatchSource batches, BatchSource? validation, int initialEpoch, int epochs, IReadOnlyList<Callback> callbacks, Verbosity verbose, CancellationToken cancellationToken, int validationFreq = 1)
    {
        if (validationFreq < 1) throw new ModelException($"validationFreq is {validationFreq}; expected at least 1.");
        if (validation is not null) OutsideTraining.RefuseDraws(Model);
        var history = new History();

        // Last, so that they see what the others log.
        Callback[] all = [.. callbacks, .. ProgressBar.For(verbose, epochs, batches.BatchesPerEpoch), history];
        StopTraining = false;
        foreach (var callback in all) callback.Attach(this);
        try
        {
            Run(batches, validation, initialEpoch, epochs, all, history, validationFreq, cancellationToken);
        }
        catch (Exception error)
        {
            // What is open is closed; what is thrown is the reason, whatever else fails now.
            foreach (var callback in all) callback.Fail(error);
            throw;
        }

        return history;
    }

    private void Run(BatchSource batches, BatchSource? validation, int initialEpoch, int epochs, Callback[] all, History history, int validationFreq, CancellationToken cancellationToken)
    {
        var logs = new Dictionary<string, double>();
        foreach (var callback in all) callback.OnTrainBegin();
        var resumed = TakePosition(initialEpoch, batches, all);
        if (resumed is not null) history.Restore(resumed.History);
        (_callbacks, _history, _batchesPerEpoch, _underWay) = (all, history, batches.BatchesPerEpoch, true);
        (_epoch, _step) = (resumed?.Epoch ?? initialEpoch, 0);
        var part = false;
        for (var epoch = _epoch; epoch < epochs && !StopTraining; epoch++)
        {
            var rate = LearningRate;
            foreach (var callback in all) callback.OnEpochBegin(epoch);
            _training.Reset();
            batches.Start(epoch);
            (_epoch, _step) = (epoch, 0);
            if (resumed is { Step: > 0 })
            {
                Skip(resumed, batches, rate);
                _step = resumed.Step;
            }

            resumed = null;
            while (!cancellationToken.IsCancellationRequested && batches.MoveNext())
            {
                var step = _step;
                foreach (var callback in all) callback.OnBatchStartEvent(step);
                _training.Run(batches, (ulong)Iterations);
                if (!float.IsFinite(_training.LastLoss) && !Array.Exists(all, callback => callback.HandlesNaN)) throw Diverged(batches, epoch, step);
                _step++;
                foreach (var callback in all) callback.OnBatchEnd(step, _training);
                if (StopTraining && Array.Exists(all, callback => callback.StopsAtOnce)) break;
            }

            logs.Clear();
            _training.Report(logs, "");
            if (validation is not null && (epoch + 1) % validationFreq == 0 && !cancellationToken.IsCancellationRequested) Evaluate(validation, logs, "val_", cancellationToken);
            part = cancellationToken.IsCancellationRequested;
            if (part) StopTraining = true;
            else (_epoch, _step) = (epoch + 1, 0);
            foreach (var callback in all)
            {
                if (!part || !callback.NeedsWholeEpochs) callback.OnEpochEnd(epoch, logs);
            }

            foreach (var callback in all) callback.OnEpochDone(epoch);
        }

        _underWay = part;

        // A stopped training keeps the weights of its last step, so that what is saved now goes on exactly.
        if (!part) TakeAverages();
        foreach (var callback in all) callback.OnTrainEnd();
    }

    /// <summary>Puts moving averages in the place of their weights, where the optimizer keeps any.</summary>
    private void TakeAverages()
    {
        if (!_compiled.Optimizer.UseEma) return;
        foreach (var (path, weight) in Model.WeightPaths())
        {
            if (_compiled.State.Find(OptimizerState.AverageOf(path)) is { } average) average.Storage.CopyTo(weight.Storage, 0);
        }
    }

    /// <summary>Looks for the layer whose output stopped being a number first, and says so.</summary>
    private ModelException Diverged(BatchSource batches, int epoch, int step)
    {
        var calls = Model.Graph.Calls().Where(call => call.Outputs.Count > 0).ToArray();
        var values = calls.Select(call => call.Outputs[0].Value).Where(value => value.Spec.Type == DType.Float32).ToArray();
        var map = Specialization.Of([.. Model.Inputs.Select(input => input.Value)], values, training: false);
        var kept = calls.Where(call => map.ContainsKey(call.Outputs[0].Value) && call.Outputs[0].DType == DType.Float32).ToArray();
        var request = new PlanRequest(PlanOptions.Of(Model, Seed), [.. Model.Inputs.Select(input => input.Value)], [.. kept.Select(call => map[call.Outputs[0].Value])], []);
        var plan = Planner.Plan(request, [.. Enumerable.Range(0, Model.Inputs.Count).Select(batches.SpecOf)]);
        for (var i = 0; i < Model.Inputs.Count; i++) batches.CopyTo(i, plan.Inputs[i]);
        plan.Run(_engine.Pool);
        var first = Array.FindIndex(kept, call =>
        {
            foreach (var value in plan.Outputs[Array.IndexOf(kept, call)].Floats)
            {
                if (!float.IsFinite(value)) return true;
            }

            return false;
        });
        var weights = Model.WeightPaths().Where(named => named.Weight.Storage.Any(value => !float.IsFinite(value))).Select(named => named.Path).ToArray();
        return new ModelException(
            $"The loss became {_training.LastLoss} in epoch {epoch + 1}, batch {step + 1}. "
            + (first >= 0 ? $"The first layer whose output is not finite is '{kept[first].Path}'. " : "All layers' outputs are still finite, so the loss itself overflowed. ")
            + (weights.Length > 0 ? $"Weights that are not finite: {string.Join(", ", weights.Take(5))}. " : "")
            + (_compiled.Precision == MixedPrecision.Float16 ? "In float16 whatever exceeds 65,504 is infinite; MixedPrecision.BFloat16 has the range of float32. " : "")
            + "Use a smaller learning rate, ClipNorm = 1 on the optimizer, or scale the inputs; TerminateOnNaN stops without an error.");
    }
}
