using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <content>The search for a learning rate.</content>
public sealed partial class Trainer
{
    /// <summary>
    /// Makes steps whose learning rate grows by a constant factor, and tells at which rate the loss falls fastest. Weights, optimizer and position of training
    /// are afterwards what they were.
    /// </summary>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="y">The targets of the outputs.</param>
    /// <param name="minimum">The rate of the first step.</param>
    /// <param name="maximum">The rate of the last step.</param>
    /// <param name="steps">The number of steps; the search ends before if the smoothed loss is four times its lowest or no longer finite.</param>
    /// <param name="batchSize">The number of samples per step.</param>
    /// <param name="sampleWeight">A weight per sample: one array for all outputs, or one per output, in order or by name.</param>
    /// <param name="cancellationToken">Stops the search after the current step.</param>
    /// <remarks>Leslie N. Smith, Cyclical Learning Rates for Training Neural Networks, 2015, https://arxiv.org/abs/1506.01186, section 3.3.</remarks>
    /// <example>
    /// <code>
    /// var search = model.Compile(new Adam(), Loss.MeanSquaredError).FindLearningRate(x, y);
    /// Console.WriteLine(search);
    /// model.Compile(new Adam(search.Suggested ?? 0.001), Loss.MeanSquaredError).Fit(x, y, epochs: 20);
    /// </code>
    /// </example>
    /// <exception cref="ModelException">
    /// The optimizer follows a schedule; a rate or a number of steps is out of range; data and model do not fit; the model is being trained by another thread;
    /// or the loss of the first step is not finite.
    /// </exception>
    public LearningRateSearch FindLearningRate(
        NDArrays x,
        NDArrays? y = null,
        double minimum = 1e-6,
        double maximum = 1,
        int steps = 100,
        int batchSize = 32,
        NDArrays? sampleWeight = null,
        CancellationToken cancellationToken = default)
    {
        if (!((float)minimum > 0 && minimum < maximum && float.IsFinite((float)maximum)))
            throw new ModelException($"FindLearningRate goes from {minimum} to {maximum}; expected a first rate above 0 and a larger last one.");
        if (steps < 10) throw new ModelException($"FindLearningRate makes {steps} steps; expected at least 10.");
        if (!Optimizer.LearningRate.IsConstant)
            throw new ModelException("FindLearningRate sets the rate of each step, but the optimizer follows a schedule. Give it a plain number.");
        var batches = Batches(Checked(x, y, sampleWeight), batchSize, shuffle: true);
        using var turn = Turn.Take(this);
        _compiled.CheckTrainable();
        _training.Settle();
        var start = new Snapshot(this);
        try
        {
            return Search(batches, minimum, maximum, steps, cancellationToken);
        }
        finally
        {
            start.Restore(this);
        }
    }

    private LearningRateSearch Search(ArrayBatches batches, double minimum, double maximum, int steps, CancellationToken cancellationToken)
    {
        var search = new LearningRateSearch();
        var factor = Math.Log(maximum / minimum) / (steps - 1);
        var epoch = 0;
        batches.Start(epoch);
        for (var step = 0; step < steps && !cancellationToken.IsCancellationRequested; step++)
        {
            if (!batches.MoveNext())
            {
                batches.Start(++epoch);
                batches.MoveNext();
            }

            var rate = minimum * Math.Exp(factor * step);
            _compiled.State.LearningRate.Storage[0] = (float)rate;
            _training.Reset();
            _training.Run(batches, (ulong)Iterations);
            if (step == 0 && !float.IsFinite(_training.LastLoss)) throw Diverged(batches, "the first step of FindLearningRate");
            if (!float.IsFinite(_training.LastLoss) || !search.Add(rate, _training.LastLoss)) break;
        }

        return search;
    }

    /// <summary>All that steps change.</summary>
    private sealed class Snapshot(Trainer trainer)
    {
        private readonly List<(Weight Weight, float[] Values)> _weights =
            [.. trainer.Model.WeightPaths().Select(entry => (entry.Weight, (float[])entry.Weight.Storage.Clone()))];

        private readonly List<(string Name, Shape Shape, float[] Values)> _slots =
            [.. trainer.Compiled.State.Slots.Select(slot => (slot.Name, slot.Shape, (float[])slot.Storage.Clone()))];

        private readonly long _steps = trainer.Iterations;
        private readonly float _rate = trainer.Compiled.State.LearningRate.Storage[0];

        public void Restore(Trainer trainer)
        {
            using var held = WeightGate.Hold(trainer.Model.Weights);
            foreach (var (weight, values) in _weights) values.CopyTo(weight.Storage, 0);
            trainer._training.Forget();
            trainer.Compiled.State.Restore(_slots);
            trainer.Compiled.State.Steps = _steps;
            trainer.Compiled.State.LearningRate.Storage[0] = _rate;
        }
    }
}
