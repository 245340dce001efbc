namespace OnnxFunctional.Training;

/// <summary>What a layer costs in a step. The time of a kernel that computes several layers is divided among them by their operations.</summary>
/// <param name="Layer">The layer's name, after those of the models and layers around it; further calls of a shared layer are numbered.</param>
/// <param name="ClassName">Its class in Keras' words; for a file of another program, the operator.</param>
/// <param name="ForwardMilliseconds">The time of its outputs.</param>
/// <param name="BackwardMilliseconds">The time of its gradients.</param>
/// <param name="UpdateMilliseconds">The time in which the optimizer changes its weights.</param>
/// <param name="Operations">Floating-point operations, as in <see cref="KernelProfile.Operations"/>.</param>
/// <param name="Bytes">The bytes that are read and written.</param>
/// <param name="LeastMilliseconds">The roofline: the time that its kernels take at the speeds that were measured.</param>
public sealed record LayerProfile(
    string Layer,
    string ClassName,
    double ForwardMilliseconds,
    double BackwardMilliseconds,
    double UpdateMilliseconds,
    double Operations,
    double Bytes,
    double LeastMilliseconds)
{
    /// <summary>The time of a part of the step.</summary>
    /// <param name="phase">The part.</param>
    public double MillisecondsOf(ProfilePhase phase) => phase switch
    {
        ProfilePhase.Forward => ForwardMilliseconds,
        ProfilePhase.Backward => BackwardMilliseconds,
        _ => UpdateMilliseconds,
    };

    /// <summary>The time of all three.</summary>
    public double Milliseconds => ForwardMilliseconds + BackwardMilliseconds + UpdateMilliseconds;

    /// <summary>The share of the machine's speed that it reaches: the roofline's time over its own.</summary>
    public double RooflineShare => Milliseconds > 0 ? LeastMilliseconds / Milliseconds : 0;
}
