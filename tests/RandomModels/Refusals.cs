namespace OnnxFunctional.Tests.RandomModels;

/// <summary>The refusals that a model may meet: a part of each message, and why the model is refused. Any other refusal is a finding.</summary>
internal static class Refusals
{
    private static readonly string[] s_building = ["build", "data"];

    // Checks that read and write files must not meet a size that the model met before: a file would then have become another model.
    private static readonly (string Part, string Why, string[] Checks)[] s_known =
    [
        // While the model is built: options and shapes that Keras refuses too, or that need a size.
        ("Set that size in Model.Input instead of null", "weights and resampling need sizes", s_building),
        ("Set those sizes in Model.Input", "as above, for several sizes", s_building),
        ("Set that size in outputShape or Model.Input", "as above, for the kernel of an einsum", s_building),
        ("Set the number of steps in Model.Input instead of null", "a loop that is unrolled needs its length", s_building),
        ("a weight needs known dimensions", "a weight's shape cannot depend on the data", s_building),
        ("Use a smaller window, Padding.Same", "the window is larger than the input", s_building),
        ("Use a smaller kernel, Padding.Same", "the window is larger than the input", s_building),
        ("positions leaves nothing of the", "cropping more than there is", s_building),
        ("there are no time steps in", "as above, where the data's length is cropped away", s_building),
        ("glu halves the last axis", "an odd size has no half", s_building),
        ("after it; expected the same. Choose", "a cell whose activation halves its state, such as glu", s_building),
        ("cannot be split into", "groups divide the channels", s_building),
        ("expected equal sizes, or 1 for a dimension that is repeated", "shapes that do not broadcast", s_building),
        ("takes tensors that agree in every other dimension", "as equal sizes, for unknown lengths that differ in the data", s_building),
        ("expected the same number", "as above, for products", s_building),
        ("cannot be broadcast to the logits", "a mask of steps does not fit a softmax along features, in Keras neither", s_building),
        ("compares queries and keys feature by feature", "a key that was drawn for another query", s_building),
        ("expected as many values as keys", "as above, for values", s_building),
        ("more than one of the axes", "attention over several axes needs their sizes", s_building),
        ("takes red, green and blue", "hue and saturation are of colors", s_building),
        ("samples at each end", "a sound is mirrored by half of the transform", s_building),
        ("positions requires more than that along axis", "as above, where the data's length is not known before", s_building),
        ("goes back from vectors of", "a call of vectors that have another size", s_building),
        ("takes a matrix of known size", "orthogonality is a property of matrices", s_building),

        // Training.
        ("The loss became", "values overflow in a random network; the message says where", ["gradients", "threads", "resume", "precision", "diagnose"]),
        (
            "cannot leave positions out", "Keras fails where it multiplies such a loss by the mask",
            ["gradients", "threads", "resume", "precision", "step", "diagnose"]),
        ("The exported training step cannot be compared", "values overflow in the steps that are compared", ["step"]),

        // Pruning.
        ("Prune: '", "an adapter would be lost", ["prune"]),
        ("Prune: no channel can be removed", "every channel has a reader that needs all of them", ["prune"]),
        ("contains tensors from within layers", "such a model cannot be built from its layers again", ["prune"]),

        // Files of Keras.
        ("has no counterpart among Keras' functions", "Keras' random functions take shapes, ours a tensor", ["json", "keras", "prune"]),
        ("has constants as its only inputs", "Keras computes a function of numbers at once", ["json", "keras", "prune"]),

        // ONNX.
        ("holds no architecture", "as the function without a counterpart, which the report of the export names", ["export", "resume"]),
        ("has no form in ONNX; give the input a fixed size", "strided windows and slices, and their gradients, need sizes", ["export", "resume", "step"]),
        ("has no form in ONNX while a size is unknown", "resampling and its gradients need sizes", ["export", "resume", "step"]),
        ("ONNX Runtime would draw others", "a layer that is called as in training draws again for each prediction", ["export", "resume", "step"]),
    ];

    /// <summary>Why a check may refuse a model with this message; null if no refusal of this kind is expected.</summary>
    /// <param name="check">The name of the check; <c>build</c> and <c>data</c> before the first.</param>
    /// <param name="message">The refusal.</param>
    public static string? Reason(string check, string message) =>
        Array.Find(s_known, known => known.Checks.Contains(check) && message.Contains(known.Part, StringComparison.Ordinal)).Why;
}
