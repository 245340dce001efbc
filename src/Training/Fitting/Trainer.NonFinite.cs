using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Training;

/// <content>What is said about numbers that are not finite.</content>
public sealed partial class Trainer
{
    private IEnumerable<(string Path, Weight Weight)> UpdatedWeights()
    {
        var updated = _training.Updated.ToHashSet();
        return Model.WeightPaths().Where(named => updated.Contains(named.Weight)).Select(named => (named.Path, named.Weight));
    }

    /// <summary>The loss of the current batch is not finite; the step changed nothing.</summary>
    private ModelException Diverged(BatchSource batch, string where)
    {
        var cause = NonFinite.Weights(Model.WeightPaths().Select(named => (named.Path, named.Weight)), [_compiled.State]) ?? Forward();
        return new ModelException(
            $"The loss became {_training.LastLoss} in {where}; that step changed nothing. {cause}"
            + $"{NonFinite.Advice(_compiled.Precision == MixedPrecision.Float16)}; TerminateOnNaN stops without an error.");

        string Forward()
        {
            var (first, count) = batch.Held;
            TensorSpec[] specs = [.. Enumerable.Range(0, batch.Arrays).Select(i => batch.SpecOf(i) with { Shape = batch.SpecOf(i).Shape.With(0, count) })];
            var graph = StepGraph.For(_compiled, specs, training: true, examines: true);
            var request = new PlanRequest(PlanOptions.Of(Model, Seed), graph.Inputs, graph.Outputs, []);
            return NonFinite.Forward(request, specs, graph.Examined, plan =>
            {
                for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, first, count, plan.Inputs[i]);
            }, _engine.Pool, (ulong)Iterations);
        }
    }

    /// <summary>Before callbacks see an epoch: the last step may have spoiled weights with a loss that was still finite.</summary>
    private void CheckWeights(Callback[] callbacks, int epoch)
    {
        if (_step == 0 || Array.Exists(callbacks, callback => callback.HandlesNaN)) return;
        if (NonFinite.Weights(UpdatedWeights(), [_compiled.State]) is not { } cause) return;
        throw new ModelException(
            $"Weights are no longer finite after epoch {epoch + 1}. {cause}{NonFinite.Advice(_compiled.Precision == MixedPrecision.Float16)}.");
    }
}
