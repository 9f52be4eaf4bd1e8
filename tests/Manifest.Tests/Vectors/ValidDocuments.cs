using System.Formats.Cbor;
using Fota.Manifest.Tests.Envelope;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Vectors;

/// <summary>What the vectors are made from: valid documents that lie in tests/vectors/valid and never change.</summary>
internal static class ValidDocuments
{
    public static SoftwareKey Release { get; } = new FixedKey(1);

    public static SoftwareKey Approver { get; } = new FixedKey(2);

    public static SoftwareKey Stranger { get; } = new FixedKey(9);

    /// <summary>Release 1.1.0 for both slots, sequence number 2, security version 1, signed by release engineer and approver.</summary>
    public static byte[] Envelope { get; } = Read("envelope");

    public static byte[] Manifest { get; } = new CborReader(CborEdit.Get(Envelope, "3")).ReadByteString();

    /// <summary>The same with sequence number 3: what the device of the vectors would take.</summary>
    public static byte[] NextManifest { get; } = CborEdit.Set(Manifest, "2", [0x03]);

    public static byte[] Read(string name) => Convert.FromHexString(string.Concat(File.ReadAllLines(RepositoryRoot.Path("tests", "vectors", "valid", name + ".hex"))));

    /// <summary>An envelope around <paramref name="manifest"/>, signed in order.</summary>
    public static byte[] Signed(byte[] manifest) => EnvelopeSurgery.Sign(manifest, Release, Approver);
}
