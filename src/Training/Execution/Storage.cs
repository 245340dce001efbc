namespace OnnxFunctional.Training.Execution;

/// <summary>A piece of memory that several buffers may share. The plan sets it: once for the arena and for constants, before each run for weights.</summary>
internal sealed class Storage
{
    /// <summary>The elements as floats, whatever their type; pinned.</summary>
    public Memory<float> Memory { get; set; }
}
