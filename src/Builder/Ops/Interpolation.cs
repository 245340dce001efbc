namespace OnnxFunctional.Layers;

/// <summary>How values between known positions are computed.</summary>
public enum Interpolation
{
    /// <summary>The nearest known position.</summary>
    Nearest,

    /// <summary>A weighted mean of the two nearest along each axis.</summary>
    Bilinear,

    /// <summary>A cubic through the four nearest along each axis.</summary>
    Bicubic,

    /// <summary>A windowed sine through the six nearest along each axis; sizes must be known.</summary>
    Lanczos3,

    /// <summary>A windowed sine through the ten nearest along each axis; sizes must be known.</summary>
    Lanczos5,

    /// <summary>The mean of the area that a position covers; sizes must be known. Of <c>Resizing</c> and <see cref="Ops.Resize"/> only, as in Keras.</summary>
    Area,
}
