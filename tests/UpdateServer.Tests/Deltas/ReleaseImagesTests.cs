using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Deltas;

/// <summary>Which image becomes which.</summary>
public sealed class ReleaseImagesTests
{
    private static readonly ReleaseImages s_perSlot = Of(SampleRelease.CreatePerSlot(Image("a1"), Image("b1"), "1.0.0", 1));
    private static readonly ReleaseImages s_perSlotNext = Of(SampleRelease.CreatePerSlot(Image("a2"), Image("b2")));
    private static readonly ReleaseImages s_single = Of(SampleRelease.Create("1.0.0", 1));
    private static readonly ReleaseImages s_singleNext = Of(SampleRelease.Create());

    [Test]
    public void With_an_image_for_each_slot_that_of_the_running_slot_becomes_that_of_the_other()
    {
        Assert.That(Pairs(s_perSlot, s_perSlotNext, ImageSlot.A), Is.EqualTo(new[] { ("a1", "b2") }));
        Assert.That(Pairs(s_perSlot, s_perSlotNext, ImageSlot.B), Is.EqualTo(new[] { ("b1", "a2") }));
    }

    [Test]
    public void Nothing_is_said_of_images_for_one_slot_when_nobody_can_say_which_slot_runs()
    {
        Assert.That(s_perSlot.PairsWith(s_perSlotNext, null), Is.Empty);
        Assert.That(s_single.PairsWith(s_perSlotNext, null), Is.Empty);
        Assert.That(s_perSlot.PairsWith(s_singleNext, null), Is.Empty);
    }

    [Test]
    public void An_image_for_both_slots_is_the_same_whatever_slot_runs()
    {
        foreach (ImageSlot? slot in (ImageSlot?[])[null, ImageSlot.A, ImageSlot.B])
        {
            (ComponentImage has, ComponentImage gets) = s_single.PairsWith(s_singleNext, slot).Single();
            Assert.That((has, gets), Is.EqualTo((s_single.Content.Components[0].Images.For(ImageSlot.A), s_singleNext.Content.Components[0].Images.For(ImageSlot.A))));
        }
    }

    [Test]
    public void An_image_does_not_become_itself() => Assert.That(s_single.PairsWith(s_single, ImageSlot.A), Is.Empty);

    [Test]
    public void A_part_that_the_device_does_not_have_has_no_base()
    {
        ReleaseImages other = Of(SampleRelease.Create(change: static m => m with { Components = [new UpdateComponent(ComponentId.Parse("01"), m.Components[0].Images)] }));
        Assert.That(s_single.PairsWith(other, ImageSlot.A), Is.Empty);
    }

    private static (string, string)[] Pairs(ReleaseImages from, ReleaseImages to, ImageSlot slot) =>
        [.. from.PairsWith(to, slot).Select(static p => (NameOf(p.Base), NameOf(p.Image)))];

    private static string NameOf(ComponentImage image) => ((string[])["a1", "b1", "a2", "b2"]).Single(n => Sha256Digest.Of(Image(n)) == image.ImageDigest);

    private static byte[] Image(string name) => SampleRelease.ImageOf(name, 5000);

    private static ReleaseImages Of(SampleRelease release) => new(ProductName.Parse(RepositorySimulator.ProductName), PublicationSource.DigestOf(release), release.Manifest);
}
