// A promoter's first hour in Swift. Checked for syntax only: there is no Swift compiler where this is developed.
import Daybook
import Foundation
import Security

/// The keychain, on this device only: not in backups, and readable while the screen is locked.
final class Keychain: SecureStore {
    private func query(_ name: String) -> [CFString: Any] {
        [kSecClass: kSecClassGenericPassword, kSecAttrService: "daybook", kSecAttrAccount: name]
    }

    func load(name: String) throws -> Data? {
        var found: CFTypeRef?
        let asked = query(name).merging([kSecReturnData: true]) { $1 }
        switch SecItemCopyMatching(asked as CFDictionary, &found) {
        case errSecSuccess: return found as? Data
        case errSecItemNotFound: return nil
        // Never "there is none" when the keychain could not be asked.
        default: throw SecureStoreError.Unavailable
        }
    }

    func save(name: String, secret: Data) throws {
        let kept: [CFString: Any] = [
            kSecValueData: secret,
            kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
        ]
        var status = SecItemUpdate(query(name) as CFDictionary, kept as CFDictionary)
        if status == errSecItemNotFound {
            status = SecItemAdd(query(name).merging(kept) { $1 } as CFDictionary, nil)
        }
        guard status == errSecSuccess else { throw SecureStoreError.Unavailable }
    }

    func remove(name: String) throws {
        SecItemDelete(query(name) as CFDictionary)
    }
}

final class Unsent: StatusListener {
    func onStatusChanged(status: SyncStatus) {
        print("\(status.unsentRecords) records unsent")
    }
}

func promotersDay(folder: URL, code: String) async throws {
    let config = Config(
        path: folder.appendingPathComponent("daybook.db").path,
        server: "https://daybook.example.com",
        app: "field/3.1"
    )
    let daybook = try Daybook.open(config: config, secureStore: Keychain())
    if daybook.profile() == nil {
        _ = try await daybook.enrolAsync(code: code, label: "iPhone")
    }
    let subscription = try daybook.listenToStatus(listener: Unsent())
    defer { subscription.stop() }

    let facts = LeadFacts(name: "张伟", phones: ["133 1234 3333": "本人"])
    do {
        let lead = try await daybook.leads().createAsync(request: LeadRequest(facts: facts))
        _ = try daybook.leads().edit(id: lead.record.id, edits: [.intentArea("锦江区")])
        print(try daybook.status(id: lead.record.id).step)
    } catch DaybookError.InvalidInput(let field, let reason) {
        print("show at \(field): \(reason)")
    } catch DaybookError.StorageFull {
        print("keep the form open, ask for room")
    }
    let policy = PhotoPolicy(network: .unmetered, onMetered: .nothing)
    let pass = try await daybook.syncOnceAsync(budget: 25, policy: policy)
    print("call again in \(pass.callAgainAfter) s")
}
