#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Numerics.Tensors;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// A network learns the position of a robot's hand from the three angles of its arm.
var angles = Model.Input([3], name: "angles");
var hand = angles.Apply(new Dense(64, Activation.Tanh), new Dense(64, Activation.Tanh), new Dense(2, name: "hand"));
var arm = new Model(angles, hand, seed: 1);
var (poses, hands) = Poses(4_096);
var trainer = arm.Compile(new Adam(Schedule.CosineDecay(1e-2, decaySteps: 40 * 64)), new MeanSquaredError(), seed: 1);
trainer.Fit(poses, hands, epochs: 40, batchSize: 64, verbose: 0);

// Each row is the gradient of one output: [batch, 2, 3] says how each coordinate of the hand changes with each angle.
SymbolicTensor[] rows = [.. Enumerable.Range(0, 2).Select(i => Ops.ExpandDims(Gradient.Of(Ops.Slice(hand, axis: 1, i, i + 1), angles), axis: 1))];
var jacobian = Ops.Concatenate(rows, axis: 1);
Console.WriteLine(new Model(angles, [hand, jacobian]).ExportOnnx("jacobian.onnx"));

// The file's Jacobian against finite differences of the file's own outputs.
using var onnx = OnnxModel.Load("jacobian.onnx");
float[] pose = [0.3f, 0.9f, -0.4f];
const float Step = 1e-2f;
var exact = At(pose).Jacobian;
var worst = 0f;
for (var j = 0; j < 3; j++)
{
    float[] Moved(float by) => [.. pose.Select((angle, i) => i == j ? angle + by : angle)];
    var (ahead, behind) = (At(Moved(Step)).Hand, At(Moved(-Step)).Hand);
    for (var i = 0; i < 2; i++) worst = MathF.Max(worst, MathF.Abs(((ahead[i] - behind[i]) / (2 * Step)) - exact[0, i, j]));
}

Console.WriteLine($"Jacobian and finite differences: largest difference {worst:0.0e+00}");
if (worst > 1e-3f) throw new InvalidOperationException("The Jacobian is not the derivative.");

// An application: angles that bring the hand to a target, by Newton steps J^T (J J^T)^-1 (target - hand).
float[] target = [1.2f, 1.6f];
for (var step = 0; step < 6; step++)
{
    var (at, j) = At(pose);
    var (dx, dy) = (target[0] - at[0], target[1] - at[1]);
    Console.WriteLine($"step {step}: the hand is {MathF.Sqrt((dx * dx) + (dy * dy)):0.0e+00} from the target");
    float Product(int a, int b) => Enumerable.Range(0, 3).Sum(k => j[0, a, k] * j[0, b, k]);
    var (aa, ab, bb) = (Product(0, 0), Product(0, 1), Product(1, 1));
    var determinant = (aa * bb) - (ab * ab);
    var (u, v) = (((bb * dx) - (ab * dy)) / determinant, ((aa * dy) - (ab * dx)) / determinant);
    for (var i = 0; i < 3; i++) pose[i] += (j[0, 0, i] * u) + (j[0, 1, i] * v);
}

(float[] Hand, Tensor<float> Jacobian) At(float[] pose)
{
    var results = onnx.Run(Tensor.Create(pose, [1, 3]));
    return ([.. results[0].As<float>()], results[1].As<float>());
}

// Each of three links of length 1 turns relative to the one before.
static (float[,] Angles, float[,] Hands) Poses(int count)
{
    var random = new Random(1);
    var (angles, hands) = (new float[count, 3], new float[count, 2]);
    for (var i = 0; i < count; i++)
    {
        var turned = 0f;
        for (var j = 0; j < 3; j++)
        {
            angles[i, j] = (random.NextSingle() * 3) - 1.5f;
            turned += angles[i, j];
            hands[i, 0] += MathF.Cos(turned);
            hands[i, 1] += MathF.Sin(turned);
        }
    }

    return (angles, hands);
}
