using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Augmenting;

[TestClass]
public sealed class AugmentationTests
{
    [TestMethod]
    public void Numbers_do_not_depend_on_threads_and_differ_by_epoch_place_and_seed()
    {
        var layers = new Pipeline([new RandomFlip(), new RandomRotation(0.2), new RandomContrast(0.5, seed: 4)]);
        var expected = Epoch(Batches().Augment(layers, seed: 3), 1);
        foreach (var threads in new[] { 1, 2, 5 })
        {
            for (var i = 0; i < 3; i++) CollectionAssert.AreEqual(expected, Epoch(Batches().Augment(layers, seed: 3, parallelism: threads), 1));
        }

        CollectionAssert.AreNotEqual(expected, Epoch(Batches().Augment(layers, seed: 3), 2));
        CollectionAssert.AreNotEqual(expected, Epoch(Batches().Augment(layers, seed: 5), 1));
        CollectionAssert.AreNotEqual(expected[..(expected.Length / 2)], expected[(expected.Length / 2)..], "two equal batches are changed in different ways");
        CollectionAssert.AreEqual(expected[(expected.Length / 2)..], Epoch(Batches().Augment(layers, seed: 3).Skip(1), 1));
    }

    [TestMethod]
    public void Layers_work_as_in_training_and_targets_stay()
    {
        var changed = Batches().Augment(new Sequential([new RandomFlip(FlipMode.Horizontal), new Rescaling(2)])).First();
        var plain = Batches().First();
        CollectionAssert.AreEqual(plain.Y[0].ToArray(), changed.Y[0].ToArray());
        var (turned, same) = (0, 0);
        for (var image = 0; image < 8; image++)
        {
            if (changed.X[0][image, 0, 0, 0] == 2 * plain.X[0][image, 0, 0, 0]) same++;
            else if (changed.X[0][image, 0, 0, 0] == 2 * plain.X[0][image, 0, 5, 0]) turned++;
        }

        Assert.AreEqual(8, turned + same);
        Assert.IsTrue(turned > 0 && same > 0, $"{turned} of 8 images are turned");

        var cropped = Batches().Augment(new RandomCrop(3, 4)).Last();
        Assert.AreEqual(Shape.Of(8, 3, 4, 1), cropped.X[0].Shape);
    }

    [TestMethod]
    public void Batches_of_many_shapes_are_changed_too()
    {
        var batches = Dataset.From(
            Enumerable.Range(1, 20).Select(count => new Batch(NDArray.Create(new float[count * 4], [count, 2, 2, 1]), new float[count])));
        CollectionAssert.AreEqual(
            Enumerable.Range(1, 20).ToArray(), batches.Augment(new RandomBrightness(0.2)).Select(batch => batch.X[0].Count).ToArray());
    }

    [TestMethod]
    public void What_cannot_be_augmented_gives_a_sentence()
    {
        var (a, b) = (Model.Input([2]), Model.Input([2]));
        var two = new Model([a, b], new Add().Call([a, b]));
        Assert.Contains("one input and one output", Assert.Throws<ModelException>(() => Batches().Augment(two)).Message);
        Assert.Contains("parallelism -1", Assert.Throws<ModelException>(() => Batches().Augment(new RandomFlip(), parallelism: -1)).Message);
        var wrong = Dataset.From([new Batch(new float[3, 4], new float[3])]).Augment(new Sequential([Model.Input([6, 6, 1]), new RandomFlip()]));
        Assert.Throws<ModelException>(() => wrong.ToList());
    }

    private static Dataset<Batch> Batches()
    {
        var image = new float[8 * 5 * 6];
        for (var i = 0; i < image.Length; i++) image[i] = (i * 37 % 251) + 1;
        var batch = new Batch(NDArray.Create(image, [8, 5, 6, 1]), new float[] { 0, 1, 2, 3, 4, 5, 6, 7 });
        return Dataset.From([batch, batch]);
    }

    private static float[] Epoch(Dataset<Batch> batches, int number) => [.. batches.Epoch(number).SelectMany(batch => batch.X[0].ToArray())];
}
