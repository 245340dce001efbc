namespace OnnxFunctional.Training;

/// <summary>How far the same layer of two models is apart.</summary>
/// <param name="Layer">The layer's name, after those of the models around it.</param>
/// <param name="OtherLayer">Its name in the other model.</param>
/// <param name="Shape">The shape of its output.</param>
/// <param name="OtherShape">That in the other model.</param>
/// <param name="LargestValue">The largest absolute number of its output.</param>
/// <param name="LargestDifference">The largest absolute difference; infinite if shapes differ, or only one of two numbers is finite.</param>
/// <param name="IsWithinTolerance">Whether the difference is at most the tolerance times the largest value.</param>
public sealed record LayerDifference(
    string Layer,
    string OtherLayer,
    Shape Shape,
    Shape OtherShape,
    double LargestValue,
    double LargestDifference,
    bool IsWithinTolerance);
