using System.Text;

namespace Fota.TestKit;

/// <summary>Small bills of materials as tools write them.</summary>
public static class SampleSbom
{
    public const string CycloneDx =
        """
        {
          "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "version": 1,
          "metadata": { "component": { "type": "firmware", "name": "infusion-pump", "version": "1.0.0" } },
          "components": [
            { "type": "library", "name": "zlib", "version": "1.3.1", "components": [ { "type": "file", "name": "crc32.c" } ] },
            { "type": "operating-system", "name": "linux", "version": "6.12" }
          ]
        }
        """;

    public const string Spdx =
        """
        {
          "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "infusion-pump-1.0.0", "documentNamespace": "https://pumps.example/sbom/1.0.0",
          "creationInfo": { "created": "2026-11-01T12:00:00Z", "creators": ["Tool: build"] },
          "packages": [ { "SPDXID": "SPDXRef-zlib", "name": "zlib", "versionInfo": "1.3.1", "downloadLocation": "NOASSERTION" } ]
        }
        """;

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
