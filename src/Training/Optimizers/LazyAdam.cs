namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Adam that leaves alone the rows of an Embedding that a batch does not move: their moments are not decayed, and their vectors do not go on by what
/// earlier batches left in the moments. A step costs by the rows that are looked up, not by the size of the table.
/// </summary>
/// <remarks>
/// <para>
/// A row moves in a step if its gradient is not zero: it was looked up, and not only behind a mask. Then, and for all other weights, the formula is that of
/// <see cref="Adam"/>, with the number of all steps in the bias corrections. Rows that are seldom looked up so have other values than with Adam.
/// </para>
/// <para>There is no weight decay, moving average or accumulation, since they move all rows. Clipping by a norm reads the gradient of the whole table.</para>
/// <para>Keras has no such optimizer: a .keras file refuses it, trainer.Save and ExportTraining take it.</para>
/// </remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="beta1">How much of the mean gradient is kept, from 0 to 1.</param>
/// <param name="beta2">How much of the mean square is kept, from 0 to 1.</param>
/// <param name="epsilon">A small value added to the root; at least 0.</param>
/// <param name="amsgrad">Whether to divide by the largest mean square so far.</param>
/// <param name="clipnorm">The gradient of each weight is scaled down to this norm, above 0. At most one of the three kinds of clipping can be chosen.</param>
/// <param name="clipvalue">Elements of gradients are clipped to plus and minus this value, above 0.</param>
/// <param name="globalClipnorm">All gradients are scaled down together to this norm, above 0.</param>
/// <param name="name">Its name in messages and files; default: <c>lazy_adam</c>.</param>
/// <exception cref="ModelException">A value is out of its range.</exception>
/// <example><code>
/// var trainer = model.Compile(new LazyAdam(1e-3), Loss.MeanSquaredError);
/// </code></example>
public sealed class LazyAdam(
    Schedule? learningRate = null,
    double beta1 = 0.9,
    double beta2 = 0.999,
    double epsilon = 1e-7,
    bool amsgrad = false,
    double? clipnorm = null,
    double? clipvalue = null,
    double? globalClipnorm = null,
    string? name = null)
    : Adam(learningRate, beta1, beta2, epsilon, amsgrad, clipnorm: clipnorm, clipvalue: clipvalue, globalClipnorm: globalClipnorm, name: name)
{
    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.KeepRowsWithoutGradient();
        base.Update(context);
    }
}
