using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Tests.BootStores;

public sealed class KernelCommandLineTests
{
    [TestCase("console=ttyS0 fota.slot=B quiet\n", SlotName.B)]
    [TestCase("fota.slot=A", SlotName.A)]
    public void Slot_is_read(string commandLine, SlotName slot) => Assert.That(KernelCommandLine.ReadSlot(commandLine), Is.EqualTo(slot));

    [TestCase("console=ttyS0 quiet\n", "none")]
    [TestCase("fota.slot=a", "a")]
    [TestCase("fota.slot=", "")]
    [TestCase("fota.slot=A fota.slot=B", "A, B")]
    [TestCase("fota.slot=A fota.slot=A", "A, A")]
    [TestCase("xfota.slot=A", "none")]
    public void P2_Line_that_does_not_name_one_slot_is_refused(string commandLine, string got) =>
        Assert.That(() => KernelCommandLine.ReadSlot(commandLine), Throws.TypeOf<DeviceStateException>().With.Message.EqualTo($"kernel command line: wanted fota.slot=A or fota.slot=B once, got {got}"));
}
