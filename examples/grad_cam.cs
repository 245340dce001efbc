#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Numerics.Tensors;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// Which of three shapes is somewhere in a noisy picture? The network is not told where.
const int Side = 32, Shape = 9;
var image = Model.Input([Side, Side, 1], name: "image");
var features = image.Apply(
    new Conv2D(8, 3, padding: Padding.Same, activation: Activation.Relu), new MaxPooling2D(2),
    new Conv2D(16, 3, padding: Padding.Same, activation: Activation.Relu), new MaxPooling2D(2),
    new Conv2D(24, 3, padding: Padding.Same, activation: Activation.Relu));
var scores = features.Apply(new GlobalAveragePooling2D(), new Dense(3, name: "scores"));
var model = new Model(image, scores, seed: 1);
var trainer = model.Compile(new Adam(5e-3), new SparseCategoricalCrossentropy(fromLogits: true), metrics: [Metric.Accuracy], seed: 1);
var (pictures, shapes, _) = Pictures(1_000, seed: 1);
trainer.Fit(pictures, shapes, epochs: 12, batchSize: 32, verbose: 0);

// Grad-CAM (https://arxiv.org/abs/1610.02391): a feature map counts by the mean gradient of the winning score; heat is where maps that count are high.
var gradient = Gradient.Of(Ops.Max(scores, axis: -1), features);
var heat = Ops.Relu(Ops.Sum(features * Ops.Mean(gradient, axis: [1, 2], keepdims: true), axis: -1, keepdims: true));
var map = heat.Apply(new UpSampling2D(4, name: "heat"));
Console.WriteLine(new Model(image, [scores, map]).ExportOnnx("grad_cam.onnx"));

// The file alone finds what is in new pictures, and where.
using var onnx = OnnxModel.Load("grad_cam.onnx");
var (unseen, truth, corners) = Pictures(200, seed: 2);
var results = onnx.Run(unseen);
var (found, heats) = (results[0].As<float>(), results[1].As<float>());
var (right, share, hits) = (0, 0.0, 0);
for (var i = 0; i < truth.Length; i++)
{
    if (Enumerable.Range(0, 3).MaxBy(shape => found[i, shape]) == truth[i]) right++;
    var (inside, all, hottest) = (0.0, 1e-12, (Heat: 0f, IsOnShape: false));
    for (var y = 0; y < Side; y++)
    {
        for (var x = 0; x < Side; x++)
        {
            var isOnShape = y >= corners[i].Y && y < corners[i].Y + Shape && x >= corners[i].X && x < corners[i].X + Shape;
            all += heats[i, y, x, 0];
            if (isOnShape) inside += heats[i, y, x, 0];
            if (heats[i, y, x, 0] > hottest.Heat) hottest = (heats[i, y, x, 0], isOnShape);
        }
    }

    share += inside / all / truth.Length;
    if (hottest.IsOnShape) hits++;
}

var area = (double)(Shape * Shape) / (Side * Side);
Console.WriteLine(
    $"held out: accuracy {(double)right / truth.Length:F2}; the hottest place is on the shape in {(double)hits / truth.Length:P0} of the pictures");
Console.WriteLine($"{share:P0} of the heat lies on the shape, which is {area:P0} of the picture");
if (share < 3 * area) throw new InvalidOperationException("The heat does not find the shape.");

// One cross, ring or square of side 9 at a random corner, in noise.
static (Tensor<float> Pictures, int[] Shapes, (int Y, int X)[] Corners) Pictures(int count, int seed)
{
    var random = new Random(seed);
    var pictures = new float[count * Side * Side];
    var shapes = new int[count];
    var corners = new (int Y, int X)[count];
    for (var i = 0; i < count; i++)
    {
        shapes[i] = i % 3;
        corners[i] = (random.Next(Side - Shape), random.Next(Side - Shape));
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                var (v, u) = (y - corners[i].Y - 4, x - corners[i].X - 4);
                var isInked = Math.Max(Math.Abs(u), Math.Abs(v)) <= 4 && shapes[i] switch
                {
                    0 => u == v || u == -v,
                    1 => Math.Abs(Math.Sqrt((u * u) + (v * v)) - 4) < 0.6,
                    _ => Math.Max(Math.Abs(u), Math.Abs(v)) == 4,
                };
                pictures[(((i * Side) + y) * Side) + x] = (isInked ? 1 : 0) + (0.3f * random.NextSingle());
            }
        }
    }

    return (Tensor.Create(pictures, [count, Side, Side, 1]), shapes, corners);
}
