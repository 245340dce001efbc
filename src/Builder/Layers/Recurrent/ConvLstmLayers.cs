namespace OnnxFunctional.Layers;

/// <summary>A convolutional LSTM over one axis.</summary>
/// <remarks>
/// <para>
/// Input: (batch, time, steps, channels), all but batch and time known. Output: (batch, new steps, filters), or with ReturnSequences (batch, time, new steps,
/// filters). States: hidden and cell, each (batch, new steps, filters).
/// </para>
/// <para>Weights: kernel (window..., channels, 4 filters), recurrent_kernel (window..., filters, 4 filters), bias (4 filters).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/conv_lstm1d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window.</param>
/// <param name="strides">The stride of the input's convolution; 1 by default.</param>
/// <param name="padding">How the border is treated in the input's convolution.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The dilation of the input's convolution; 1 by default.</param>
/// <param name="activation">Activation of the new input and the cell state; tanh by default.</param>
/// <param name="recurrentActivation">Activation of the gates; sigmoid by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="recurrentInitializer">Initializer of the recurrent kernel; orthogonal by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="unitForgetBias">Whether the forget gate's bias starts at one.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="recurrentRegularizer">A penalty on the recurrent kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="recurrentConstraint">A constraint applied to the recurrent kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="dropout">The fraction of input features set to zero in training, from 0 to 1.</param>
/// <param name="recurrentDropout">The fraction of hidden features set to zero before the recurrent kernel in training, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="returnSequences">Whether the outputs of all steps are returned instead of the last one's.</param>
/// <param name="returnState">Whether a call also returns the final states.</param>
/// <param name="goBackwards">Whether the sequence is read backwards.</param>
/// <param name="stateful">Whether each batch starts from the final states of the previous one.</param>
/// <param name="unroll">Whether Keras unrolls the loop; the results are the same.</param>
/// <param name="zeroOutputForMask">Whether a masked step outputs zeros instead of the previous output.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class ConvLstm1D(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    Activation? activation = null,
    Activation? recurrentActivation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? recurrentInitializer = null,
    Initializer? biasInitializer = null,
    bool unitForgetBias = true,
    Regularizer? kernelRegularizer = null,
    Regularizer? recurrentRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? recurrentConstraint = null,
    Constraint? biasConstraint = null,
    double dropout = 0,
    double recurrentDropout = 0,
    int? seed = null,
    bool returnSequences = false,
    bool returnState = false,
    bool goBackwards = false,
    bool stateful = false,
    bool unroll = false,
    bool zeroOutputForMask = false,
    string? name = null)
    : ConvLstm(
        1,
        filters,
        kernelSize,
        strides,
        padding,
        dataFormat,
        dilationRate,
        activation,
        recurrentActivation,
        useBias,
        kernelInitializer,
        recurrentInitializer,
        biasInitializer,
        unitForgetBias,
        kernelRegularizer,
        recurrentRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        recurrentConstraint,
        biasConstraint,
        dropout,
        recurrentDropout,
        seed,
        returnSequences,
        returnState,
        goBackwards,
        stateful,
        unroll,
        zeroOutputForMask,
        name)
{
    internal override string ClassName => "ConvLSTM1D";
}

/// <summary>A convolutional LSTM over the two axes of an image.</summary>
/// <remarks>
/// <para>
/// Input: (batch, time, height, width, channels), all but batch and time known. Output: (batch, new height, new width, filters), or with ReturnSequences
/// (batch, time, new height, new width, filters). States: hidden and cell, each (batch, new height, new width, filters).
/// </para>
/// <para>Weights: kernel (window..., channels, 4 filters), recurrent_kernel (window..., filters, 4 filters), bias (4 filters).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/conv_lstm2d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window: one number, or height and width.</param>
/// <param name="strides">The stride of the input's convolution; 1 by default.</param>
/// <param name="padding">How the border is treated in the input's convolution.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The dilation of the input's convolution; 1 by default.</param>
/// <param name="activation">Activation of the new input and the cell state; tanh by default.</param>
/// <param name="recurrentActivation">Activation of the gates; sigmoid by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="recurrentInitializer">Initializer of the recurrent kernel; orthogonal by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="unitForgetBias">Whether the forget gate's bias starts at one.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="recurrentRegularizer">A penalty on the recurrent kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="recurrentConstraint">A constraint applied to the recurrent kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="dropout">The fraction of input features set to zero in training, from 0 to 1.</param>
/// <param name="recurrentDropout">The fraction of hidden features set to zero before the recurrent kernel in training, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="returnSequences">Whether the outputs of all steps are returned instead of the last one's.</param>
/// <param name="returnState">Whether a call also returns the final states.</param>
/// <param name="goBackwards">Whether the sequence is read backwards.</param>
/// <param name="stateful">Whether each batch starts from the final states of the previous one.</param>
/// <param name="unroll">Whether Keras unrolls the loop; the results are the same.</param>
/// <param name="zeroOutputForMask">Whether a masked step outputs zeros instead of the previous output.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class ConvLstm2D(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    Activation? activation = null,
    Activation? recurrentActivation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? recurrentInitializer = null,
    Initializer? biasInitializer = null,
    bool unitForgetBias = true,
    Regularizer? kernelRegularizer = null,
    Regularizer? recurrentRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? recurrentConstraint = null,
    Constraint? biasConstraint = null,
    double dropout = 0,
    double recurrentDropout = 0,
    int? seed = null,
    bool returnSequences = false,
    bool returnState = false,
    bool goBackwards = false,
    bool stateful = false,
    bool unroll = false,
    bool zeroOutputForMask = false,
    string? name = null)
    : ConvLstm(
        2,
        filters,
        kernelSize,
        strides,
        padding,
        dataFormat,
        dilationRate,
        activation,
        recurrentActivation,
        useBias,
        kernelInitializer,
        recurrentInitializer,
        biasInitializer,
        unitForgetBias,
        kernelRegularizer,
        recurrentRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        recurrentConstraint,
        biasConstraint,
        dropout,
        recurrentDropout,
        seed,
        returnSequences,
        returnState,
        goBackwards,
        stateful,
        unroll,
        zeroOutputForMask,
        name)
{
    internal override string ClassName => "ConvLSTM2D";
}

/// <summary>A convolutional LSTM over the three axes of a volume.</summary>
/// <remarks>
/// <para>
/// Input: (batch, time, depth, height, width, channels), all but batch and time known. Output: (batch, new depth, new height, new width, filters), or
/// with ReturnSequences (batch, time, new depth, new height, new width, filters). States: hidden and cell, each (batch, new depth, new height, new width,
/// filters).
/// </para>
/// <para>Weights: kernel (window..., channels, 4 filters), recurrent_kernel (window..., filters, 4 filters), bias (4 filters).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/conv_lstm3d/</para>
/// </remarks>
/// <param name="filters">Output channels.</param>
/// <param name="kernelSize">The size of the window: one number, or depth, height and width.</param>
/// <param name="strides">The stride of the input's convolution; 1 by default.</param>
/// <param name="padding">How the border is treated in the input's convolution.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="dilationRate">The dilation of the input's convolution; 1 by default.</param>
/// <param name="activation">Activation of the new input and the cell state; tanh by default.</param>
/// <param name="recurrentActivation">Activation of the gates; sigmoid by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="recurrentInitializer">Initializer of the recurrent kernel; orthogonal by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="unitForgetBias">Whether the forget gate's bias starts at one.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="recurrentRegularizer">A penalty on the recurrent kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="recurrentConstraint">A constraint applied to the recurrent kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="dropout">The fraction of input features set to zero in training, from 0 to 1.</param>
/// <param name="recurrentDropout">The fraction of hidden features set to zero before the recurrent kernel in training, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="returnSequences">Whether the outputs of all steps are returned instead of the last one's.</param>
/// <param name="returnState">Whether a call also returns the final states.</param>
/// <param name="goBackwards">Whether the sequence is read backwards.</param>
/// <param name="stateful">Whether each batch starts from the final states of the previous one.</param>
/// <param name="unroll">Whether Keras unrolls the loop; the results are the same.</param>
/// <param name="zeroOutputForMask">Whether a masked step outputs zeros instead of the previous output.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class ConvLstm3D(
    int filters,
    IntValues kernelSize,
    IntValues strides = default,
    Padding padding = Padding.Valid,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    IntValues dilationRate = default,
    Activation? activation = null,
    Activation? recurrentActivation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? recurrentInitializer = null,
    Initializer? biasInitializer = null,
    bool unitForgetBias = true,
    Regularizer? kernelRegularizer = null,
    Regularizer? recurrentRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? recurrentConstraint = null,
    Constraint? biasConstraint = null,
    double dropout = 0,
    double recurrentDropout = 0,
    int? seed = null,
    bool returnSequences = false,
    bool returnState = false,
    bool goBackwards = false,
    bool stateful = false,
    bool unroll = false,
    bool zeroOutputForMask = false,
    string? name = null)
    : ConvLstm(
        3,
        filters,
        kernelSize,
        strides,
        padding,
        dataFormat,
        dilationRate,
        activation,
        recurrentActivation,
        useBias,
        kernelInitializer,
        recurrentInitializer,
        biasInitializer,
        unitForgetBias,
        kernelRegularizer,
        recurrentRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        recurrentConstraint,
        biasConstraint,
        dropout,
        recurrentDropout,
        seed,
        returnSequences,
        returnState,
        goBackwards,
        stateful,
        unroll,
        zeroOutputForMask,
        name)
{
    internal override string ClassName => "ConvLSTM3D";
}
