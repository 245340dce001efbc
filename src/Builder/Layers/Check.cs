namespace OnnxFunctional.Layers;

/// <summary>Checks of layer options and inputs, with one form of sentence: what, expected, received, remedy.</summary>
internal static class Check
{
    public static int Positive(int value, string layer, string option) =>
        value > 0 ? value : throw new ModelException($"{layer}: {option} is {value}; expected a positive whole number.") { NamesLayer = true };

    public static float Rate(float value, string layer, string option) =>
        value is >= 0 and <= 1 ? value : throw new ModelException($"{layer}: {option} is {value}; expected a number from 0 to 1.") { NamesLayer = true };

    public static void MinimumRank(SymbolicTensor x, int rank, string expected)
    {
        if (x.Rank < rank) throw new ModelException($"expected {expected}, at least {rank} dimensions, but came {x.Shape}. Model.Input's shape does not count the batch: write Model.Input([8]) for vectors of 8.");
    }

    public static void Rank(SymbolicTensor x, int rank, string expected, string remedy = "Model.Input's shape does not count the batch; a Reshape adds a missing axis.")
    {
        if (x.Rank != rank) throw new ModelException($"expected {expected}, {rank} dimensions, but came {x.Shape} with {x.Rank}. {remedy}");
    }
}
