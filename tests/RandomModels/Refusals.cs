namespace OnnxFunctional.Tests.RandomModels;

/// <summary>The refusals that a model may meet: a part of each message, and why the model is refused. Any other refusal is a finding.</summary>
internal static class Refusals
{
    private static readonly (string Part, string Why)[] s_known =
    [
        // While the model is built: options and shapes that Keras refuses too, or that need a size.
        ("Set that size in Model.Input instead of null", "weights and resampling need sizes"),
        ("Set those sizes in Model.Input", "as above, for several sizes"),
        ("Set that size in OutputShape or Model.Input", "as above, for the kernel of an einsum"),
        ("Set the number of steps in Model.Input instead of null", "a loop that is unrolled needs its length"),
        ("a weight needs known dimensions", "a weight's shape cannot depend on the data"),
        ("Use a smaller window, Padding.Same", "the window is larger than the input"),
        ("Use a smaller kernel, Padding.Same", "the window is larger than the input"),
        ("positions leaves nothing of the", "cropping more than there is"),
        ("glu halves the last axis", "an odd size has no half"),
        ("cannot be split into", "groups divide the channels"),
        ("expected equal sizes, or 1 for a dimension that is repeated", "shapes that do not broadcast"),
        ("takes tensors that agree in every other dimension", "as equal sizes, for unknown lengths that differ in the data"),
        ("expected the same number", "lengths that are unknown while the model is built may differ in the data"),
        ("cannot be broadcast to the logits", "a mask of steps does not fit a softmax along features, in Keras neither"),
        ("compares queries and keys feature by feature", "a key that was drawn for another query"),
        ("expected as many values as keys", "as above, for values"),
        ("more than one of the axes", "attention over several axes needs their sizes"),
        ("takes a matrix of known size", "orthogonality is a property of matrices"),

        // Training.
        ("The loss became", "values overflow in a random network; the message says where"),

        ("The exported training step cannot be compared", "as above, in the steps that are compared"),

        // Pruning.
        ("Prune: no channel can be removed", "every channel has a reader that needs all of them"),
        ("contains tensors from within layers", "such a model cannot be built from its layers again"),

        // Files of Keras.
        ("has no counterpart among Keras' functions", "Keras' random functions take shapes, ours a tensor"),

        ("has constants as its only inputs", "Keras computes a function of numbers at once"),

        // ONNX.
        ("holds no architecture", "as the function without a counterpart, which the report of the export names"),
        ("has no form in ONNX; give the input a fixed size", "gradients of strided windows and slices need sizes"),
        ("has no form in ONNX while a size is unknown", "gradients of resampling need sizes"),
        ("ONNX Runtime would draw others", "a layer that is called as in training draws again for each prediction"),
    ];

    /// <summary>Why a model is refused with this message; null if no refusal of this kind is expected.</summary>
    public static string? Reason(string message) => Array.Find(s_known, known => message.Contains(known.Part, StringComparison.Ordinal)).Why;
}
