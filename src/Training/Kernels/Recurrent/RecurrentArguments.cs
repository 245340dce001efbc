namespace OnnxFunctional.Training.Kernels;

/// <summary>Checks lengths before pointers are made of them.</summary>
internal static class RecurrentArguments
{
    public static void Exactly(int length, long expected, string name)
    {
        if (length != expected) throw new ArgumentException($"{name} holds {length} values, expected {expected}.", name);
    }

    public static void ExactlyOrEmpty(int length, long expected, string name)
    {
        if (length != 0 && length != expected) throw new ArgumentException($"{name} holds {length} values, expected {expected} or none.", name);
    }

    public static void AtLeast(int length, long expected, string name)
    {
        if (length < expected) throw new ArgumentException($"{name} holds {length} values, expected at least {expected}.", name);
    }
}
